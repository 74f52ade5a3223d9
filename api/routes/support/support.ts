import type { OperationName } from '../../model/operations.ts'

/** Whether an operation behaves as on AWS and, after the colon, how it differs. An operation with `no` returns 501. */
export type Support = 'yes' | 'no' | `${'yes' | 'partly'}: ${string}`

// Texts that several operations share.
const capacityProviders: Support =
  'partly: a provider has no machines of its own. Its functions run in environments of this server, each with one invocation at a time. `PerExecutionEnvironmentMaxConcurrency` and `MaxVCpuCount` have no effect, and `AWS_LAMBDA_MAX_CONCURRENCY` is not set. Error texts other than “not found” can differ from those of AWS'
const codeSigning: Support =
  'partly: signatures are not verified, and all code counts as unsigned. `Enforce` refuses every deployment, `Warn` allows it'
const eventSourceMappings: Support =
  'partly: SQS, Kinesis, DynamoDB Streams and MSK are polled when their endpoint is configured, self-managed Kafka always. A consumer of a Kinesis stream reads the stream without dedicated throughput. Kafka clusters are not checked when a mapping is created. Schema registries are refused. Amazon MQ and DocumentDB mappings are stored, but not polled. Schedules and Redis streams are additional sources'
const functionUrls: Support =
  'partly: URLs have the form `http://<server>/_kubelambda/url/<id>/`, or `http://<id>.lambda-url.<region>.<host>/` with `KUBELAMBDA_URL_HOST`. `NONE` requires a policy that allows `lambda:InvokeFunctionUrl`; the additional `lambda:InvokeFunction` that AWS requires for new URLs is not required. `AWS_IAM` requires a signature of this account, or of one that the policy names. The signature is verified when access keys are configured'
const eventInvokeConfigs: Support =
  'partly: a destination needs the endpoint of its service. Permissions of the role are not checked'
const resourcePolicies: Support =
  'yes: the same policy that AddPermission changes. Its language is checked with messages of this server. Enforced for function URLs only'
const provisionedConcurrency: Support =
  'partly: environments are initialised in advance and kept. In a cluster the servers share the configured number; otherwise each server keeps that number. For an alias with weights, only its main version is provisioned'

/** The table of docs/compatibility.md. `npm run docs` writes it there; a test checks it against the handlers. */
export const support: Readonly<Record<OperationName, Support>> = {
  AddLayerVersionPermission: 'yes: policies are stored and returned, but not enforced',
  AddPermission: 'yes: policies are enforced for function URLs only',
  CheckpointDurableExecution: 'no',
  CreateAlias: 'yes',
  CreateCapacityProvider: capacityProviders,
  CreateCodeSigningConfig: codeSigning,
  CreateEventSourceMapping: eventSourceMappings,
  CreateFunction:
    'partly: durable settings are refused. Container images run in Kubernetes only; if the registry does not return a digest, one is derived from the name. VPC, KMS, file system and tracing settings are stored and returned, but have no effect; subnets and security groups are looked up if `KUBELAMBDA_EC2_ENDPOINT` is set. With `S3ObjectStorageMode` `REFERENCE` the server keeps a copy of the code, so that the function goes on running without the object; the copy counts as code storage. Layers of other accounts require `KUBELAMBDA_LAYER_ENDPOINT`. The role is never assumed',
  CreateFunctionUrlConfig: functionUrls,
  DeleteAlias: 'yes',
  DeleteCapacityProvider: capacityProviders,
  DeleteCodeSigningConfig: codeSigning,
  DeleteEventSourceMapping: eventSourceMappings,
  DeleteFunction: 'yes',
  DeleteFunctionCodeSigningConfig: codeSigning,
  DeleteFunctionConcurrency: 'yes',
  DeleteFunctionEventInvokeConfig: eventInvokeConfigs,
  DeleteFunctionUrlConfig: functionUrls,
  DeleteLayerVersion: 'yes',
  DeleteProvisionedConcurrencyConfig: provisionedConcurrency,
  DeleteResourcePolicy: resourcePolicies,
  GetAccountSettings: 'yes',
  GetAlias: 'yes',
  GetCapacityProvider: capacityProviders,
  GetCodeSigningConfig: codeSigning,
  GetDurableExecution: 'no',
  GetDurableExecutionHistory: 'no',
  GetDurableExecutionState: 'no',
  GetEventSourceMapping: eventSourceMappings,
  GetFunction: 'yes: `Code.Location` is a URL of this server, valid for 10 minutes or until the server restarts',
  GetFunctionCodeSigningConfig: codeSigning,
  GetFunctionConcurrency: 'yes',
  GetFunctionConfiguration: 'yes',
  GetFunctionEventInvokeConfig: eventInvokeConfigs,
  GetFunctionRecursionConfig:
    'yes: recursion is detected by the `Lineage` of the trace header, which AWS SDKs propagate',
  GetFunctionScalingConfig:
    'partly: `MinExecutionEnvironments` stay initialised. The number of environments scales with demand, not with CPU utilisation, up to `MaxExecutionEnvironments`; further invocations are throttled. If both are 0, the function is `Deactivated` at once',
  GetFunctionUrlConfig: functionUrls,
  GetLayerVersion:
    'yes: for layers of this account. `Content.Location` is a URL of this server, valid for 10 minutes or until the server restarts',
  GetLayerVersionByArn:
    'yes: for layers of this account. `Content.Location` is a URL of this server, valid for 10 minutes or until the server restarts',
  GetLayerVersionPolicy: 'yes: policies are stored and returned, but not enforced',
  GetPolicy: 'yes: policies are enforced for function URLs only',
  GetProvisionedConcurrencyConfig: provisionedConcurrency,
  GetResourcePolicy: resourcePolicies,
  GetRuntimeManagementConfig:
    'partly: stored and returned, but without effect: the machine or the image determines the runtime version',
  Invoke: 'partly: all invocation types. Durable executions are not supported',
  InvokeAsync: 'yes',
  InvokeWithResponseStream:
    'yes: streams up to 200 MB, which are not throttled to 2 MB/s after the first 6 MB. `InvokeComplete` reports a function error as `Unhandled` if the function had written nothing. Otherwise it reports the error type of the runtime, `Sandbox.Timedout` or `Sandbox.Failure`, with the cause in `ErrorDetails`',
  ListAliases: 'yes',
  ListCapacityProviders: capacityProviders,
  ListCodeSigningConfigs: codeSigning,
  ListDurableExecutionsByFunction: 'no',
  ListEventSourceMappings: eventSourceMappings,
  ListFunctionEventInvokeConfigs: eventInvokeConfigs,
  ListFunctionUrlConfigs: functionUrls,
  ListFunctionVersionsByCapacityProvider: capacityProviders,
  ListFunctions: 'yes',
  ListFunctionsByCodeSigningConfig: codeSigning,
  ListLayerVersions: 'yes',
  ListLayers: 'yes',
  ListProvisionedConcurrencyConfigs: provisionedConcurrency,
  ListTags: 'yes',
  ListVersionsByFunction: 'yes',
  PublishLayerVersion:
    'yes: for layers of this account. `Content.Location` is a URL of this server, valid for 10 minutes or until the server restarts',
  PublishVersion:
    'partly: with SnapStart one environment of the version is initialised before the version becomes active, and serves its first invocation. No snapshot is taken or restored',
  PutFunctionCodeSigningConfig: codeSigning,
  PutFunctionConcurrency: 'yes: refused for functions on a capacity provider',
  PutFunctionEventInvokeConfig: eventInvokeConfigs,
  PutFunctionRecursionConfig:
    'yes: recursion is detected by the `Lineage` of the trace header, which AWS SDKs propagate',
  PutFunctionScalingConfig:
    'partly: `MinExecutionEnvironments` stay initialised. The number of environments scales with demand, not with CPU utilisation, up to `MaxExecutionEnvironments`; further invocations are throttled. If both are 0, the function is `Deactivated` at once',
  PutProvisionedConcurrencyConfig: provisionedConcurrency,
  PutResourcePolicy: resourcePolicies,
  PutRuntimeManagementConfig:
    'partly: stored and returned, but without effect: the machine or the image determines the runtime version',
  RemoveLayerVersionPermission: 'yes: policies are stored and returned, but not enforced',
  RemovePermission: 'yes: policies are enforced for function URLs only',
  SendDurableExecutionCallbackFailure: 'no',
  SendDurableExecutionCallbackHeartbeat: 'no',
  SendDurableExecutionCallbackSuccess: 'no',
  StopDurableExecution: 'no',
  TagResource: 'yes',
  UntagResource: 'yes',
  UpdateAlias: 'yes',
  UpdateCapacityProvider: capacityProviders,
  UpdateCodeSigningConfig: codeSigning,
  UpdateEventSourceMapping: eventSourceMappings,
  UpdateFunctionCode: 'partly: see CreateFunction',
  UpdateFunctionConfiguration:
    'partly: see CreateFunction. An update completes within milliseconds, so that an immediate second update rarely causes the conflict that it causes on AWS',
  UpdateFunctionEventInvokeConfig: eventInvokeConfigs,
  UpdateFunctionUrlConfig: functionUrls,
}
