import assert from 'node:assert/strict'
import { CreateFunctionCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda'
import { ZipFile } from 'yazl'
import { buffer } from 'node:stream/consumers'
import { crc32, deflateRawSync } from 'node:zlib'
import { Skipped, type Area } from '../../case/case.ts'
import { answers, badParameter, failureOf, refuses, type Refusal, valueOf } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const notAZip = badParameter('Could not unzip uploaded file. Please check your file, then try to upload again.')
const refused: Refusal = { status: 400, name: 'InvalidParameterValueException' }
const mebibyte = 1024 * 1024

/** Deployment packages, good and bad. */
export const packages: Area = {
  name: 'packages',
  cases: [
    {
      name: 'bytes that are not a zip are refused, at creation and at update',
      run: async (lambda) => {
        const input = await lambda.input('hello-node', { Code: { ZipFile: Buffer.from('not a zip at all') } })
        await refuses(lambda.client.send(new CreateFunctionCommand(input)), notAZip)
        const name = await lambda.create('hello-node')
        const before = await lambda.configuration(name)
        const update = new UpdateFunctionCodeCommand({
          FunctionName: name,
          ZipFile: Buffer.from('PK\x03\x04 but broken'),
        })
        await refuses(lambda.client.send(update), notAZip)
        assert.equal((await lambda.configuration(name)).CodeSha256, before.CodeSha256)
        answers(await lambda.invoke(name), { message: 'hello' })
      },
    },
    {
      name: 'a truncated zip is refused',
      run: async (lambda) => {
        const zip = await lambda.zip('express')
        await refusesZip(lambda, zip.subarray(0, zip.length / 2), notAZip)
      },
    },
    {
      name: 'a zip of more than 50 MB is too large',
      timeoutMs: 180_000,
      run: (lambda) =>
        refusesZip(lambda, Buffer.alloc(52_428_801), {
          status: 413,
          name: 'RequestEntityTooLargeException',
          message:
            /^(Zipped size must be smaller than 52428800 bytes|Request must be smaller than 70167211 bytes for the CreateFunction operation)$/,
        }),
    },
    {
      name: 'a request of more than 70,167,211 bytes is too large',
      timeoutMs: 180_000,
      run: (lambda) =>
        refusesZip(lambda, Buffer.alloc(53_000_000), {
          status: 413,
          name: 'RequestEntityTooLargeException',
          message: 'Request must be smaller than 70167211 bytes for the CreateFunction operation',
        }),
    },
    {
      name: 'a zip that unpacks to more than 250 MB is refused',
      timeoutMs: 120_000,
      run: async (lambda) => {
        const zip = craftedZip([{ name: 'index.js', content: Buffer.alloc(262_144_001) }])
        await refusesZip(lambda, zip, badParameter('Unzipped size must be smaller than 262144000 bytes'))
      },
    },
    {
      name: 'a zip with a false unpacked size is refused',
      timeoutMs: 120_000,
      run: async (lambda) => {
        const zip = craftedZip([{ name: 'index.js', content: Buffer.alloc(300 * mebibyte), statedSize: 10 }])
        await refusesZip(lambda, zip, refused)
      },
    },
    ...['../escaped.js', '/absolute.js', 'folder/../../escaped.js', '..\\escaped.js'].map((path) => ({
      name: `an entry called ${path} never leaves the function's folder`,
      run: async (lambda: CaseContext): Promise<void> => {
        const zip = craftedZip([
          { name: 'index.js', content: Buffer.from('exports.handler = async () => "safe"') },
          { name: path, content: Buffer.from('escaped') },
        ])
        const input = await lambda.input('hello-node', { Code: { ZipFile: zip } })
        const created = await lambda.client
          .send(new CreateFunctionCommand(input))
          .catch((error: unknown) => error as Error)
        if (created instanceof Error) {
          assert.equal(created.name, 'InvalidParameterValueException')
          return
        }
        await lambda.waitActive(input.FunctionName ?? '')
        answers(await lambda.invoke(input.FunctionName ?? ''), 'safe')
      },
    })),
    ...(
      [
        [
          'a file under a symbolic link that leads out',
          [
            { name: 'out', content: Buffer.from('../..'), mode: 0o120777 },
            { name: 'out/escaped.js', content: Buffer.from('escaped') },
          ],
        ],
        ['an encrypted entry', [{ name: 'index.js', content: Buffer.from('secret'), flags: 1 }]],
      ] as readonly (readonly [string, readonly CraftedEntry[]])[]
    ).map(([what, entries]) => ({
      name: `a zip with ${what} is refused`,
      run: async (lambda: CaseContext): Promise<void> => {
        if (lambda.target.isAws) throw new Skipped('not recorded from AWS')
        await refusesZip(lambda, craftedZip(entries), refused)
      },
    })),
    {
      name: 'a package is read as unzip reads it: a path twice, a drive letter, backslashes of Windows, a pipe, bytes behind it',
      run: async (lambda) => {
        const code = `const fs = require('fs'), path = (name) => __dirname + '/' + name
exports.handler = async () => [fs.readFileSync(path('C:/x'), 'utf8'), fs.readFileSync(path('a/b'), 'utf8'), fs.statSync(path('stdin')).isFile()]`
        const zip = craftedZip([
          { name: 'index.js', content: Buffer.from('exports.handler = async () => "the first one"') },
          { name: 'C:/x', content: Buffer.from('drive') },
          { name: 'a\\b', content: Buffer.from('backslash'), host: 0 },
          { name: 'stdin', content: Buffer.from('piped'), mode: 0o010644 },
          { name: 'index.js', content: Buffer.from(code) },
        ])
        const name = await lambda.create('hello-node', {
          Code: { ZipFile: Buffer.concat([zip, Buffer.from('behind')]) },
        })
        answers(await lambda.invoke(name), ['drive', 'backslash', true])
      },
    },
    {
      name: 'modes, symbolic links and names in UTF-8 are kept',
      run: async (lambda) => {
        const name = await lambda.create('zip-attributes')
        answers(await lambda.invoke(name), {
          tool: 'tool ran',
          toolMode: '555',
          plainMode: '644',
          readOnlyMode: '444',
          linkIsLink: true,
          linkTarget: 'data/plain.txt',
          linkText: 'plain',
          folderLinkText: 'plain',
          unicode: 'unicode name',
        })
      },
    },
    {
      name: 'a file that only its owner may read is unreadable to the function',
      run: async (lambda) => {
        const code = 'exports.handler = async () => { require("fs").readFileSync(__dirname + "/owners.txt") }'
        const zip = craftedZip([
          { name: 'index.js', content: Buffer.from(code) },
          { name: 'owners.txt', content: Buffer.from('secret'), mode: 0o100600 },
        ])
        const name = await lambda.create('hello-node', { Code: { ZipFile: zip } })
        assert.match(String(failureOf(await lambda.invoke(name))['errorMessage']), /^EACCES: permission denied, open/)
      },
    },
    {
      name: 'symbolic links that lead out are kept, and are followed in the environment',
      run: async (lambda) => {
        const code =
          'const fs = require("fs")\n' +
          'exports.handler = async () => { fs.mkdirSync("/tmp/cache", { recursive: true }); fs.writeFileSync(__dirname + "/cache/x", "x")\n' +
          'return [fs.readFileSync("/tmp/cache/x", "utf8"), fs.readlinkSync(__dirname + "/lib")] }'
        const zip = craftedZip([
          { name: 'index.js', content: Buffer.from(code) },
          { name: 'cache', content: Buffer.from('/tmp/cache'), mode: 0o120777 },
          { name: 'lib', content: Buffer.from('../../elsewhere/lib'), mode: 0o120777 },
        ])
        const name = await lambda.create('hello-node', { Code: { ZipFile: zip } })
        answers(await lambda.invoke(name), ['x', '../../elsewhere/lib'])
      },
    },
    {
      name: 'a dependency tree of 2,000 files works',
      run: async (lambda) => {
        const name = await lambda.create('many-files')
        answers(await lambda.invoke(name), { packages: 100, sum: 5050 })
      },
    },
    {
      name: 'a zip with directory entries and stored files works',
      run: async (lambda) => {
        const zip = new ZipFile()
        zip.addEmptyDirectory('lib/')
        zip.addBuffer(Buffer.from('exports.value = 42'), 'lib/value.js', { compress: false })
        zip.addBuffer(Buffer.from('exports.handler = async () => require("./lib/value.js").value'), 'index.js', {
          compress: false,
        })
        zip.end()
        const name = await lambda.create('hello-node', { Code: { ZipFile: await buffer(zip.outputStream) } })
        assert.equal(valueOf<number>(await lambda.invoke(name)), 42)
      },
    },
  ],
}

async function refusesZip(lambda: CaseContext, zip: Uint8Array, expected: Refusal): Promise<void> {
  const input = await lambda.input('hello-node', { Code: { ZipFile: zip } })
  await refuses(lambda.client.send(new CreateFunctionCommand(input)), expected)
  await refuses(lambda.configuration(input.FunctionName ?? ''), { status: 404, name: 'ResourceNotFoundException' })
}

interface CraftedEntry {
  readonly name: string
  readonly content: Buffer
  /** The unpacked size that the headers claim. */
  readonly statedSize?: number
  readonly mode?: number
  /** The general purpose bits; 1 says that the entry is encrypted. */
  readonly flags?: number
  /** The system that made the entry: 3 for Unix, 0 for DOS and Windows. */
  readonly host?: number
}

/** A zip by hand, with names and sizes that no zip library would write. */
function craftedZip(entries: readonly CraftedEntry[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, statedSize, mode = 0o100644, flags = 0, host = 3 } of entries) {
    const packed = deflateRawSync(content)
    const path = Buffer.from(name)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(flags, 2)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(0x58210000, 6)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(statedSize ?? content.length, 18)
    fields.writeUInt16LE(path.length, 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(host === 3 ? mode * 65536 : 0, 6)
    tail.writeUInt32LE(offset, 10)
    local.push(Buffer.from('PK\x03\x04'), fields, path, packed)
    central.push(Buffer.from('PK\x01\x02'), Buffer.from([20, host]), fields, tail, path)
    offset += 30 + path.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...local, directory, end])
}
