import assert from 'node:assert/strict'
import type { Area } from '../../case/case.ts'
import { refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const source = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)'
const values = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
const limits = 'from `StreamReadConstraints.'

/** An event, the fault in it in the words of the parser, and its column in the first line if the message has a place. */
type Fault = readonly [event: string, fault: string, column?: number]

async function refusesEach(lambda: CaseContext, faults: readonly Fault[]): Promise<void> {
  const name = await lambda.create('echo-node')
  for (const [event, fault, column] of faults) {
    const place = column === undefined ? '' : `\n at [${source}; line: 1, column: ${String(column)}]`
    await refuses(lambda.invokeBytes(name, Buffer.from(event, 'latin1')), {
      status: 400,
      name: 'InvalidRequestContentException',
      message: `Could not parse request body into json: Could not parse payload into json: ${fault}${place}`,
    })
  }
}

/** Events that are not JSON, refused in the words of AWS's parser. */
export const invalidEvents: Area = {
  name: 'invalid-events',
  cases: [
    {
      name: 'an event that is not UTF-8 is refused with the invalid byte',
      run: (lambda) =>
        refusesEach(lambda, [
          ['n\x87\x01', 'Invalid UTF-8 start byte 0x87', 3],
          ['\x99\x01', `Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (${values})`, 1],
          ['"\xc3("', 'Invalid UTF-8 middle byte 0x28', 4],
        ]),
    },
    {
      name: 'a malformed event is refused with its first fault',
      run: (lambda) =>
        refusesEach(lambda, [
          ['hello', `Unrecognized token 'hello': was expecting (${values})`, 6],
          ["{'a':1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name", 2],
          ['{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 8],
          ['[1 2]', "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 4],
          ['0D', "Unexpected character ('D' (code 68)): Expected space separating root-level values", 2],
          [
            '--',
            "Unexpected character ('-' (code 45)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value",
            2,
          ],
        ]),
    },
    {
      name: 'an event that is cut off is refused with the place where the open value starts',
      run: (lambda) => {
        const start = `start marker at [${source}; line: 1, column: 1]`
        return refusesEach(lambda, [
          ['{"a":1', `Unexpected end-of-input: expected close marker for Object (${start})`, 7],
          ['{"broken"', 'Unexpected end-of-input within/between Object entries', 10],
        ])
      },
    },
    {
      name: 'a number, a nesting and a name beyond the limits of the parser are refused',
      run: (lambda) =>
        refusesEach(lambda, [
          [
            '1'.repeat(1001),
            `Number value length (1001) exceeds the maximum allowed (1000, ${limits}getMaxNumberLength()\`)`,
          ],
          [
            '['.repeat(1001),
            `Document nesting depth (1001) exceeds the maximum allowed (1000, ${limits}getMaxNestingDepth()\`)`,
          ],
          [
            `{"${'a'.repeat(50_001)}":1}`,
            `Name length (50001) exceeds the maximum allowed (50000, ${limits}getMaxNameLength()\`)`,
          ],
        ]),
    },
    {
      name: 'an event with the same key twice or a byte order mark is accepted',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        for (const event of ['{"a":1,"a":2}', '\ufeff{}']) {
          const answer = await lambda.invokeBytes(name, event, { InvocationType: 'Event' })
          assert.equal(answer.status, 202)
        }
      },
    },
  ],
}
