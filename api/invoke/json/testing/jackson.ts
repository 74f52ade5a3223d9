import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const version = '2.19.0'
const program = fileURLToPath(new URL('JacksonAnswers.java', import.meta.url))
const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>kubelambda</groupId><artifactId>jackson-answers</artifactId><version>1</version><dependencies><dependency>
<groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>${version}</version>
</dependency></dependencies></project>`

/** Asks Jackson for its message on each input, which is empty for JSON. */
export type Jackson = (inputs: readonly Buffer[]) => string[]

/** Compiles a program with Jackson in a folder; undefined where Java, Maven or Maven's repository cannot be had. */
export function openJackson(folder: string): Jackson | undefined {
  if (spawnSync('java', ['-version']).status !== 0 || spawnSync('mvn', ['--version']).status !== 0) return undefined
  const libraries = join(folder, 'lib')
  mkdirSync(libraries, { recursive: true })
  writeFileSync(join(folder, 'pom.xml'), project)
  const copied = spawnSync('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`], {
    cwd: folder,
    timeout: 300_000,
  })
  if (copied.status !== 0) return undefined
  const path = `${libraries}/*:${folder}`
  execFileSync('javac', ['-cp', path, '-d', folder, program])
  return (inputs) => {
    const input = inputs.map((bytes) => `${bytes.toString('base64')}\n`).join('')
    const output = execFileSync('java', ['-cp', path, 'JacksonAnswers'], { input, maxBuffer: 2 ** 30 }).toString()
    return output.split('\n', inputs.length).map((line) => Buffer.from(line, 'base64').toString())
  }
}
