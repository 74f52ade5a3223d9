import { describe, expect, test } from '@jest/globals'
import { RuntimeUnavailable } from '../../api/environments/driver/driver.ts'
import { podAssignment, podStandby } from './pod-assignment.ts'
import { shapeOf } from './pod-shape.ts'
import { aSpec, someSettings } from '../testing/samples.ts'

const home = { accountId: '000000000000', region: 'us-east-1' }
const image = { imageUri: 'registry/app@sha256:1', runtime: '', handler: '' }

test.each([
  ['nodejs', 'nodejs24.x'],
  ['python', 'python3.14'],
  ['ruby', 'ruby3.4'],
])('the runtime that waits in a %s pod is started as one of %s is', (family, runtime) => {
  const { standsFor, variables } = podStandby(family, 128)!
  expect(podAssignment(aSpec({ runtime }), home)).toMatchObject({ command: standsFor, variables })
})

test.each([
  ['java21', /^Runtime java21 is not supported in pods: deploy the function as a container image$/],
  ['python3.12', /^Runtime python3\.12 has no image: name one in KUBELAMBDA_IMAGES/],
])('a function of %s, which no pod can run, fails when it is made, with the reason', (runtime, reason) => {
  const settings = someSettings({ images: {} })
  const shape = () => shapeOf(aSpec({ runtime }), settings)
  expect(shape).toThrow(expect.objectContaining({ message: expect.stringMatching(reason), code: 'InvalidRuntime' }))
})

test.each(['provided', 'image'])('no runtime waits in a pod of family %s, whose function brings its own', (family) => {
  expect(podStandby(family, 128)).toBeUndefined()
})

describe('the assignment of an environment in a pod', () => {
  test('of a zip: the bootstrap of its runtime image, code and layers where AWS has them', () => {
    const assignment = podAssignment(aSpec(), home)
    expect(assignment).toMatchObject({
      ...{ handler: 'index.handler', command: ['/var/runtime/bootstrap'], initTimeoutMs: 10_000 },
      ...{ codeFolder: '/var/task', layerFolder: '/opt', key: 'f:$LATEST:1' },
    })
    expect(podAssignment(aSpec({ runtime: 'provided.al2023' }), home).command).toEqual([])
  })

  test('of provisioned concurrency: more time to initialise (reference 7.3)', () => {
    expect(podAssignment(aSpec({ isProvisioned: true }), home).initTimeoutMs).toBe(130_000)
    expect(podAssignment(aSpec({ isProvisioned: true, timeoutMs: 900_000 }), home).initTimeoutMs).toBe(900_000)
  })

  test('of an image: entry point and command, its folder, and its first argument as the handler (reference 4.3)', () => {
    const imageConfig = { entryPoint: ['/entry'], command: ['app.handler', 'more'], workingDirectory: '/app' }
    expect(podAssignment(aSpec({ ...image, imageConfig }), home)).toMatchObject({
      ...{ command: ['/entry', 'app.handler', 'more'], codeFolder: '/app', handler: 'app.handler', isImage: true },
      // Where its extensions are.
      layerFolder: '/opt',
      variables: { _HANDLER: 'app.handler' },
    })
  })

  test('of an image that is known by its command alone: the entry point of AWS base images', () => {
    const { command } = podAssignment(aSpec({ ...image, imageConfig: { command: ['app.handler'] } }), home)
    expect(command).toEqual(['/lambda-entrypoint.sh', 'app.handler'])
  })

  test.each([{}, { imageConfig: { entryPoint: [], command: [] } }])(
    'of an image that starts nothing known (%j): that ImageConfig has to say it',
    (known) => {
      const assign = () => podAssignment(aSpec({ ...image, ...known }), home)
      expect(assign).toThrow(RuntimeUnavailable)
      expect(assign).toThrow(/ImageConfig\.Command/)
    },
  )
})
