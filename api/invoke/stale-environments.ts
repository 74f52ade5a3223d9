import type { Scheduler } from '../environments/scheduler.ts'
import type { Catalogue } from '../functions/catalogue.ts'
import type { FunctionVersion } from '../functions/function.ts'
import { environmentKey } from './environment-spec.ts'

/** Ends the environments of a function that no version of it as it is now would use, after another replica changed it. */
export async function drainStale(
  {
    catalogue,
    scheduler,
  }: { catalogue: Pick<Catalogue, 'find' | 'findVersion'>; scheduler: Pick<Scheduler, 'drainAllBut'> },
  name: string,
): Promise<void> {
  const record = (await catalogue.find(name))?.value
  const published = await Promise.all((record?.versions ?? []).map((number) => catalogue.findVersion(name, number)))
  const replaced = published.map((version) => version?.serving)
  const current = [record?.latest, record?.serving, ...published, ...replaced].filter(
    (each): each is FunctionVersion => each !== undefined,
  )
  scheduler.drainAllBut(name, new Set(current.map((version) => environmentKey(name, version))))
}
