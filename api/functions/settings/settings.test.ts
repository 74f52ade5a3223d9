import { describe, expect, test } from '@jest/globals'
import type { FunctionSettings } from '../function/function.ts'
import type { SettingsChange } from './change.ts'
import { changedSettings, newSettings } from './settings.ts'

const minimal: SettingsChange = { runtime: 'nodejs22.x', handler: 'index.handler', role: 'r' }
const halfVpc = 'SubnetIds and SecurityIds must coexist or be both empty list.'
const fileSystem = { arn: 'ap', localMountPath: '/mnt/a' }
const create = (change: SettingsChange) => newSettings('f', { ...minimal, ...change })
const update = (current: FunctionSettings, change: SettingsChange) => changedSettings('f', current, change)

describe('the settings of a new function', () => {
  test('are what AWS gives when nothing is said', () => {
    expect(newSettings('f', minimal)).toEqual({
      description: '',
      role: 'r',
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      packageType: 'Zip',
      timeoutSeconds: 3,
      memoryMb: 128,
      ephemeralStorageMb: 512,
      architectures: ['x86_64'],
      layers: [],
      tracingMode: 'PassThrough',
      snapStartApplyOn: 'None',
      logging: { format: 'Text', group: '/aws/lambda/f' },
      fileSystems: [],
    })
  })

  const measured = JSON.stringify({ KEY: 'x'.repeat(4087) })
  const refusal =
    'Lambda was unable to configure your environment variables because the environment variables you have provided'
  test.each<[string, SettingsChange, string | RegExp]>([
    ['no runtime', { runtime: undefined }, /^Runtime and Handler are mandatory/],
    ['no handler', { handler: undefined }, /^Runtime and Handler are mandatory/],
    [
      'an unknown runtime',
      { runtime: 'cobol' },
      /^Value cobol at 'runtime' failed .* \[nodejs20\.x, .*\] or be a valid ARN$/,
    ],
    ['a runtime of the past', { runtime: 'nodejs14.x' }, /^The runtime parameter of nodejs14.x is no longer supported/],
    ['a key of Lambda', { variables: { AWS_REGION: 'x', A1: '' } }, /Reserved keys used in this request: AWS_REGION$/],
    [
      'more than 4 KB',
      { variables: { KEY: 'x'.repeat(4087) } },
      `${refusal} exceeded the 4KB limit. String measured: ${measured}`,
    ],
    [
      'a larger /tmp than 10 GB',
      { ephemeralStorageMb: 10_241 },
      /'10241' at 'ephemeralStorage\.size' .* less than or equal to 10240$/,
    ],
    ['15 minutes and more', { timeoutSeconds: 901 }, /'901' at 'timeout' .* less than or equal to 900$/],
    [
      'a level of text logs',
      { logging: { format: 'Text', applicationLevel: 'DEBUG' } },
      /^LogLevel is not supported when LogFormat is set to "Text"\. Remove LogLevel/,
    ],
    ['a level and no format', { logging: { systemLevel: 'WARN' } }, /^LogLevel is not supported/],
    ['subnets alone', { vpc: { subnetIds: ['subnet-1'] } }, halfVpc],
    ['security groups alone', { vpc: { subnetIds: [], securityGroupIds: ['sg-1'] } }, halfVpc],
    [
      'a file system and no VPC',
      { fileSystems: [fileSystem] },
      'Function must be configured to execute in a VPC to reference access point ap.',
    ],
    ['more than 10 GB', { memoryMb: 10_241 }, /'10241' at 'memorySize' .* less than or equal to 10240$/],
  ])('with %s are refused', (_case, change, message) => {
    expect(() => create(change)).toThrow(message)
  })

  test('keep an empty map of variables', () => {
    expect(create({ variables: {} }).variables).toEqual({})
  })

  test('take 4 KB of variables', () => {
    expect(create({ variables: { KEY: 'x'.repeat(4086) } }).variables?.['KEY']).toHaveLength(4086)
  })
})

describe('a change of settings', () => {
  const full = create({ variables: { AB: '1' }, deadLetterTargetArn: 'd', kmsKeyArn: 'k', description: 'text' })

  test('leaves what it does not name', () => {
    expect(update(full, {})).toEqual(full)
    expect(update(full, { timeoutSeconds: 9, description: undefined })).toEqual({ ...full, timeoutSeconds: 9 })
  })

  test('removes variables with an empty map, and ARNs with an empty text', () => {
    const changed = update(full, { variables: {}, deadLetterTargetArn: '', kmsKeyArn: '' })
    expect(changed).not.toHaveProperty('variables')
    expect(changed).not.toHaveProperty('deadLetterTargetArn')
    expect(changed).not.toHaveProperty('kmsKeyArn')
  })

  test('gives JSON logs their levels, and takes them away again', () => {
    const json = update(full, { logging: { format: 'JSON', systemLevel: 'WARN' } })
    expect(json.logging).toEqual({
      format: 'JSON',
      group: '/aws/lambda/f',
      applicationLevel: 'INFO',
      systemLevel: 'WARN',
    })
    expect(update(json, { logging: { format: 'Text', group: 'g' } }).logging).toEqual({
      format: 'Text',
      group: 'g',
    })
  })

  test('replaces logging as a whole, so that what is not named is as of a new function', () => {
    const json = create({ logging: { format: 'JSON', group: 'g', applicationLevel: 'DEBUG' } })
    const levels = { applicationLevel: 'INFO', systemLevel: 'INFO' }
    const group = '/aws/lambda/f'
    expect(update(json, { logging: { format: 'JSON' } }).logging).toEqual({ format: 'JSON', group, ...levels })
    expect(update(json, { logging: { format: 'Text' } }).logging).toEqual({ format: 'Text', group })
    expect(update(json, { logging: { group: 'h' } }).logging).toEqual({ format: 'Text', group: 'h' })
    expect(update(json, { timeoutSeconds: 4 }).logging).toEqual(json.logging)
  })

  test('keeps an emptied VPC', () => {
    const withVpc = update(full, { vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] } })
    expect(withVpc.vpc).toEqual({ subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'], ipv6: false })
    const emptied = update(withVpc, { vpc: { subnetIds: [], securityGroupIds: [] } })
    expect(emptied.vpc).toEqual({ subnetIds: [], securityGroupIds: [], ipv6: false })
  })
  test('may name half of a VPC when the other half is there', () => {
    const withVpc = create({ vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] }, fileSystems: [fileSystem] })
    expect(update(withVpc, { vpc: { securityGroupIds: ['sg-2'] } }).vpc).toEqual({
      subnetIds: ['subnet-1'],
      securityGroupIds: ['sg-2'],
      ipv6: false,
    })
    expect(() => update(withVpc, { vpc: { subnetIds: [] } })).toThrow(halfVpc)
  })

  test('must take IPv6 away with the VPC', () => {
    const vpc = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'], ipv6: true }
    const emptied = { subnetIds: [], securityGroupIds: [] }
    expect(() => update(create({ vpc }), { vpc: emptied })).toThrow(
      'Ipv6AllowedForDualStack cannot be true without subnet or security groups. ' +
        'Please remove Ipv6AllowedForDualStack value from your request and try again.',
    )
    expect(update(create({ vpc }), { vpc: { ...emptied, ipv6: false } }).vpc?.ipv6).toBe(false)
  })

  test('takes the VPC away only with the file systems', () => {
    const withVpc = create({ vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] }, fileSystems: [fileSystem] })
    const vpc = { subnetIds: [], securityGroupIds: [] }
    expect(() => update(withVpc, { vpc })).toThrow(
      'Function VPC configuration cannot be removed with access point ap referenced.',
    )
    expect(update(withVpc, { vpc, fileSystems: [] }).fileSystems).toEqual([])
  })
})
