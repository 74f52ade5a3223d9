import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { missingPrograms } from './shell-blocks.ts'

/** Terraform looks for providers here when it is not told otherwise. */
const pluginFolders = ['/opt/tf-plugins', '/usr/local/share/terraform/plugins', '/usr/share/terraform/plugins']

/** Where the AWS provider is installed. */
export const providerFolder = pluginFolders.find((folder) =>
  existsSync(join(folder, 'registry.terraform.io/hashicorp/aws')),
)

/** Why tests that need Terraform are skipped; undefined when they run. */
export const whyNoTerraform =
  missingPrograms('terraform').length > 0
    ? 'terraform is not on the PATH'
    : providerFolder === undefined
      ? `its AWS provider is in none of ${pluginFolders.join(', ')}`
      : process.env['KUBELAMBDA_TERRAFORM'] === undefined
        ? 'it takes minutes: set KUBELAMBDA_TERRAFORM=1'
        : undefined
