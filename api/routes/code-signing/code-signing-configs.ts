import { createHash } from 'node:crypto'
import type { Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { codeSigningArn, codeSigningErrors, codeSigningKey, removeConfig } from '../../functions/code/code-signing.ts'
import type { CodeSigningConfig } from '../../functions/code/code-signing.ts'
import { changeDocument } from '../../functions/catalogue/document-change.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import type { Stamp } from '../../functions/catalogue/record-change.ts'
import { checkTagCount } from '../../functions/settings/tags.ts'
import { dateText } from '../http/date-text.ts'
import type { Handlers, Output } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface CodeSigningRoutesDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'list'>
  readonly documents: Documents
  readonly newId: () => string
  readonly now: Stamp['nowMs']
}

interface ConfigMembers {
  readonly Description?: string
  readonly AllowedPublishers?: { readonly SigningProfileVersionArns: readonly string[] }
  readonly CodeSigningPolicies?: { readonly UntrustedArtifactOnDeployment?: CodeSigningConfig['onUntrusted'] }
  readonly Tags?: Readonly<Record<string, string>>
}

interface ArnMembers {
  readonly CodeSigningConfigArn: string
}

/** Code signing configurations; those of functions are in `function-code-signing.ts` (reference 2.11). */
export function codeSigningRoutes(dependencies: CodeSigningRoutesDependencies): Handlers {
  const { documents, newId, now } = dependencies
  const show = (config: CodeSigningConfig): Output => ({ CodeSigningConfig: configOutput(dependencies, config) })

  return {
    async CreateCodeSigningConfig(input: ConfigMembers) {
      const { Tags: tags = {} } = input
      checkTagCount(tags)
      const config = { ...changed(fresh(newId(), tags), input), lastModifiedMs: now() }
      await documents.save({ kind: 'code-signing-config', id: config.id }, config, 0)
      return show(config)
    },

    async UpdateCodeSigningConfig(input: ConfigMembers & ArnMembers) {
      const { CodeSigningConfigArn: arn } = input
      const rule = (config: CodeSigningConfig | undefined) => {
        if (config === undefined) throw codeSigningErrors.unknown(arn)
        return { ...changed(config, input), lastModifiedMs: now() }
      }
      return show(await present(changeDocument(documents, codeSigningKey(dependencies, arn), rule), arn))
    },

    async GetCodeSigningConfig({ CodeSigningConfigArn: arn }: ArnMembers) {
      const stored = documents.find<CodeSigningConfig>(codeSigningKey(dependencies, arn))
      return show(
        await present(
          stored.then((found) => found?.value),
          arn,
        ),
      )
    },

    async DeleteCodeSigningConfig({ CodeSigningConfigArn: arn }: ArnMembers) {
      await removeConfig(dependencies, arn)
      return {}
    },

    async ListCodeSigningConfigs(input: PageMembers) {
      const [limit, after] = [pageLimit(input), keyBefore(input)]
      const page = { kind: 'code-signing-config', limit: limit + 1, ...(after === undefined ? {} : { after }) } as const
      const { items, nextMarker } = pageOf(await documents.list<CodeSigningConfig>(page), limit, ({ id }) => id)
      const configs = items.map(({ value }) => configOutput(dependencies, value))
      return { CodeSigningConfigs: configs, NextMarker: nextMarker }
    },
  }
}

async function present(found: Promise<CodeSigningConfig | undefined>, arn: string): Promise<CodeSigningConfig> {
  const config = await found
  if (config === undefined) throw codeSigningErrors.unknown(arn)
  return config
}

/** AWS's ids have 17 characters; ours are taken from the hash of a new id. */
function fresh(newId: string, tags: CodeSigningConfig['tags']): CodeSigningConfig {
  const id = `csc-${createHash('sha256').update(newId).digest('hex').slice(0, 17)}`
  return { id, description: '', publishers: [], onUntrusted: 'Warn', lastModifiedMs: 0, tags }
}

function changed(config: CodeSigningConfig, input: ConfigMembers): CodeSigningConfig {
  return {
    ...config,
    description: input.Description ?? config.description,
    publishers: input.AllowedPublishers?.SigningProfileVersionArns ?? config.publishers,
    onUntrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? config.onUntrusted,
  }
}

function configOutput(home: Home, config: CodeSigningConfig): Output {
  return {
    CodeSigningConfigId: config.id,
    CodeSigningConfigArn: codeSigningArn(home, config.id),
    Description: config.description,
    AllowedPublishers: { SigningProfileVersionArns: config.publishers },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: config.onUntrusted },
    LastModified: dateText(config.lastModifiedMs),
  }
}
