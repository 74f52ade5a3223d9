import { describe, expect, test } from '@jest/globals'
import { changedSettings, newSettings, type SettingsChange } from './settings.ts'

const minimal: SettingsChange = { runtime: 'nodejs22.x', handler: 'index.handler', role: 'r' }
const halfVpc = 'SubnetIds and SecurityIds must coexist or be both empty list.'
const fileSystem = { arn: 'ap', localMountPath: '/mnt/a' }
const create = (change: SettingsChange) => newSettings('f', { ...minimal, ...change })

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
    expect(changedSettings(full, {})).toEqual(full)
    expect(changedSettings(full, { timeoutSeconds: 9, description: undefined })).toEqual({ ...full, timeoutSeconds: 9 })
  })

  test('removes variables with an empty map, and ARNs with an empty text', () => {
    const changed = changedSettings(full, { variables: {}, deadLetterTargetArn: '', kmsKeyArn: '' })
    expect(changed).not.toHaveProperty('variables')
    expect(changed).not.toHaveProperty('deadLetterTargetArn')
    expect(changed).not.toHaveProperty('kmsKeyArn')
  })

  test('gives JSON logs their levels, and takes them away again', () => {
    const json = changedSettings(full, { logging: { format: 'JSON', systemLevel: 'WARN' } })
    expect(json.logging).toEqual({
      format: 'JSON',
      group: '/aws/lambda/f',
      applicationLevel: 'INFO',
      systemLevel: 'WARN',
    })
    expect(changedSettings(json, { logging: { format: 'Text', group: 'g' } }).logging).toEqual({
      format: 'Text',
      group: 'g',
    })
  })

  test('keeps an emptied VPC', () => {
    const withVpc = changedSettings(full, { vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] } })
    expect(withVpc.vpc).toEqual({ subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'], ipv6: false })
    const emptied = changedSettings(withVpc, { vpc: { subnetIds: [], securityGroupIds: [] } })
    expect(emptied.vpc).toEqual({ subnetIds: [], securityGroupIds: [], ipv6: false })
  })
  test('may name half of a VPC when the other half is there', () => {
    const withVpc = create({ vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] }, fileSystems: [fileSystem] })
    expect(changedSettings(withVpc, { vpc: { securityGroupIds: ['sg-2'] } }).vpc).toEqual({
      subnetIds: ['subnet-1'],
      securityGroupIds: ['sg-2'],
      ipv6: false,
    })
    expect(() => changedSettings(withVpc, { vpc: { subnetIds: [] } })).toThrow(halfVpc)
  })

  test('takes the VPC away only with the file systems', () => {
    const withVpc = create({ vpc: { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] }, fileSystems: [fileSystem] })
    const vpc = { subnetIds: [], securityGroupIds: [] }
    expect(() => changedSettings(withVpc, { vpc })).toThrow(
      'Function VPC configuration cannot be removed with access point ap referenced.',
    )
    expect(changedSettings(withVpc, { vpc, fileSystems: [] }).fileSystems).toEqual([])
  })
})
