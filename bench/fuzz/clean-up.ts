import type { Client } from '../measuring/client.ts'

interface Listing {
  readonly Functions?: readonly { readonly FunctionName: string }[]
  readonly EventSourceMappings?: readonly { readonly UUID: string }[]
  readonly Layers?: readonly {
    readonly LayerName: string
    readonly LatestMatchingVersion: { readonly Version: number }
  }[]
}

/** Deletes the functions but those that are kept, all event source mappings, and the latest version of each layer. */
export async function removeAll(client: Client, kept: readonly string[]): Promise<void> {
  const { EventSourceMappings = [] } = await list(client, '/2015-03-31/event-source-mappings')
  for (const { UUID } of EventSourceMappings) await client('DELETE', `/2015-03-31/event-source-mappings/${UUID}`)
  const { Functions = [] } = await list(client, '/2015-03-31/functions')
  for (const { FunctionName } of Functions) {
    if (!kept.includes(FunctionName)) await client('DELETE', `/2015-03-31/functions/${FunctionName}`)
  }
  const { Layers = [] } = await list(client, '/2018-10-31/layers')
  for (const { LayerName, LatestMatchingVersion } of Layers) {
    const name = encodeURIComponent(LayerName)
    await client('DELETE', `/2018-10-31/layers/${name}/versions/${LatestMatchingVersion.Version}`)
  }
}

async function list(client: Client, path: string): Promise<Listing> {
  const { body } = await client('GET', path)
  return JSON.parse(body.toString()) as Listing
}
