import type { Scheduler } from './scheduler.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { FunctionVersion } from '../../functions/function/function.ts'
import { environmentKey } from './environment-spec.ts'

interface StaleParts {
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  readonly scheduler: Pick<Scheduler, 'drainAllBut' | 'functionNames'>
}

/** Ends the environments of a function that none of its current versions uses, after another server changed it. */
export async function drainStale({ catalogue, scheduler }: StaleParts, name: string): Promise<void> {
  const record = (await catalogue.find(name))?.value
  const published = await Promise.all((record?.versions ?? []).map((number) => catalogue.findVersion(name, number)))
  const replaced = published.map((version) => version?.serving)
  const current = [record?.latest, record?.serving, ...published, ...replaced].filter(
    (each): each is FunctionVersion => each !== undefined,
  )
  scheduler.drainAllBut(name, new Set(current.map((version) => environmentKey(name, version))))
}

/** Does the same for all functions, after notifications may have been missed. */
export async function drainAllStale(parts: StaleParts): Promise<void> {
  for (const name of parts.scheduler.functionNames()) await drainStale(parts, name)
}
