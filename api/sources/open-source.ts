import { SourceFault, type Source, type SourceParts } from './source.ts'

/** The source of a mapping; its code is loaded only now, so that servers without mappings do without. */
export async function openSource(parts: SourceParts): Promise<Source> {
  const { kind } = parts.settings
  if (kind === 'sqs') return (await import('./sqs.ts')).createSqsSource(parts)
  throw new SourceFault(`Events of this source (${kind}) cannot be read here.`)
}
