import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { checkNetworkExists } from '../functions/settings/network.ts'
import { describeWithMoto, startMoto, type Moto } from '../events/testing/moto.ts'
import { createEc2 } from './ec2.ts'
import { createEc2Network } from './ec2-network.ts'

describeWithMoto('EC2', () => {
  let moto: Moto
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  beforeAll(async () => {
    Object.assign(process.env, keys)
    moto = await startMoto()
  }, 60_000)
  afterAll(() => moto.stop())

  const network = () => createEc2Network({ endpoint: moto.endpoint, region: 'us-east-1', now: Date.now })
  const refusal = (vpc: { subnetIds: string[]; securityGroupIds: string[] }) =>
    checkNetworkExists(network(), { ...vpc, ipv6: false })

  test('knows which subnets and security groups exist', async () => {
    const [subnet, group] = await defaults(moto.endpoint)
    await expect(refusal({ subnetIds: [subnet], securityGroupIds: [group] })).resolves.toBeUndefined()
    await expect(refusal({ subnetIds: [subnet, 'subnet-0a1b2c3d'], securityGroupIds: [group] })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message:
        'Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. ' +
        "EC2 Error Message: The subnet ID 'subnet-0a1b2c3d' does not exist",
    })
    await expect(refusal({ subnetIds: [subnet], securityGroupIds: ['sg-0a1b2c3d'] })).rejects.toThrow(
      'Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound.',
    )
  })

  test('that cannot be reached is not taken for a refusal', async () => {
    const lost = createEc2({
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      now: Date.now,
      credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
    })
    await expect(lost('DescribeSubnets', {})).rejects.toThrow('The service cannot be reached')
  })
})

/** A subnet and a security group that moto has at its start. */
async function defaults(endpoint: string): Promise<[string, string]> {
  const answers = ['DescribeSubnets', 'DescribeSecurityGroups'].map(async (action) => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=x'
    const body = new URLSearchParams({ Action: action, Version: '2016-11-15' })
    return (await fetch(endpoint, { method: 'POST', body, headers: { authorization } })).text()
  })
  const [subnets = '', groups = ''] = await Promise.all(answers)
  return [/subnet-[0-9a-f]+/.exec(subnets)?.[0] ?? '', /sg-[0-9a-f]+/.exec(groups)?.[0] ?? '']
}
