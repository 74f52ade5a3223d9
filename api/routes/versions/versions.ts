import type { Home } from '../../functions/function/arn.ts'
import { parseUnqualifiedName } from '../../functions/function/name.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import { functionConfiguration } from '../functions/function-configuration.ts'
import type { Handlers } from '../http/handler.ts'
import type { PublishMembers } from '../functions/settings-input.ts'

export interface VersionRoutesDependencies extends Home {
  readonly lifecycle: Pick<Lifecycle, 'publish'>
}

interface VersionMembers extends Pick<PublishMembers, 'PublishTo'> {
  readonly FunctionName: string
  readonly CodeSha256?: string
  readonly Description?: string
  readonly RevisionId?: string
}

/** PublishVersion. */
export function versionRoutes(dependencies: VersionRoutesDependencies): Handlers {
  return {
    async PublishVersion(members: VersionMembers) {
      const name = parseUnqualifiedName(members.FunctionName, dependencies)
      const { record, version } = await dependencies.lifecycle.publish(name, {
        codeSha256: members.CodeSha256,
        description: members.Description,
        revisionId: members.RevisionId,
        isToLatestPublished: members.PublishTo === 'LATEST_PUBLISHED',
      })
      return functionConfiguration(dependencies, record.name, version, version.version)
    },
  }
}
