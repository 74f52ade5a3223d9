import type { OperationName } from '../model/operations.ts'

/** Whether an operation behaves as on AWS, and behind the colon how it differs. An operation that is `no` answers 501. */
export type Support = 'yes' | 'no' | `${'yes' | 'partly'}: ${string}`

// Of operations on the same thing.
const capacityProviders: Support =
  'partly: there are no machines behind them: what runs on one runs in environments of this server, one invocation at a time each whatever `PerExecutionEnvironmentMaxConcurrency` is, so that `AWS_LAMBDA_MAX_CONCURRENCY` is not set. `MaxVCpuCount` bounds nothing; other texts of errors than that a provider is not found are ours'
const codeSigning: Support =
  'partly: signatures are not verified: no code is taken as signed, so that `Enforce` refuses every deployment and `Warn` none'
const eventSourceMappings: Support =
  'partly: kept and shown with the settings of every kind of source; SQS queues, Kinesis and DynamoDB streams are read where their endpoint is set, and asked for when a mapping is made, a consumer of a Kinesis stream as the stream itself, without throughput of its own; so are Kafka topics, of clusters of one’s own always and of MSK where its endpoint is set, without being asked for, and entered also with IAM access control; schema registries are an error; what failed for good is put on a topic of the same cluster by an on-failure destination `kafka://TOPIC`; MQ and DocumentDB are not read; schedules and Redis streams are sources of ours'
const functionUrls: Support =
  'partly: served at `http://<id>.lambda-url.<region>.<host of the server>/`, `localhost` where it is reached by address. `NONE` wants the policy to allow `lambda:InvokeFunctionUrl`; `lambda:InvokeFunction`, which AWS wants beside it of new URLs, is not asked for. `AWS_IAM` wants a signature, verified where access keys are configured: of this account, or of one that the policy names'
const eventInvokeConfigs: Support =
  'partly: destinations are reached where an endpoint is set; the role is not asked whether it may send there'
const provisionedConcurrency: Support =
  'partly: environments are initialised ahead and kept, divided between servers where they share pods, each its own number where they do not; of an alias with weights those of its main version'

/** What the README says of each operation. `npm run support` writes it there; a test holds this to the handlers. */
export const support: Readonly<Record<OperationName, Support>> = {
  AddLayerVersionPermission: 'yes: policies are kept and shown; whether a call is allowed is not decided by them',
  AddPermission: 'yes: policies decide who may call function URLs; of other calls they decide nothing',
  CheckpointDurableExecution: 'no',
  CreateAlias: 'yes: weights decide each invocation',
  CreateCapacityProvider: capacityProviders,
  CreateCodeSigningConfig: codeSigning,
  CreateEventSourceMapping: eventSourceMappings,
  CreateFunction:
    'partly: no durable settings, which are refused. Images run in Kubernetes only; one whose registry does not tell the server its digest gets one made from the name. VPC, KMS, file system and tracing settings are kept and shown, not applied. Layers of other accounts need `KUBELAMBDA_LAYER_ENDPOINT`. A role is never assumed',
  CreateFunctionUrlConfig: functionUrls,
  DeleteAlias: 'yes: weights decide each invocation',
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
  GetAccountSettings: 'yes',
  GetAlias: 'yes: weights decide each invocation',
  GetCapacityProvider: capacityProviders,
  GetCodeSigningConfig: codeSigning,
  GetDurableExecution: 'no',
  GetDurableExecutionHistory: 'no',
  GetDurableExecutionState: 'no',
  GetEventSourceMapping: eventSourceMappings,
  GetFunction: 'yes: `Code.Location` is on this server and valid for 10 minutes, or until it restarts',
  GetFunctionCodeSigningConfig: codeSigning,
  GetFunctionConcurrency: 'yes',
  GetFunctionConfiguration: 'yes',
  GetFunctionEventInvokeConfig: eventInvokeConfigs,
  GetFunctionRecursionConfig: 'yes: loops are found by the `Lineage` of the trace header, which AWS SDKs pass on',
  GetFunctionScalingConfig:
    'partly: `MinExecutionEnvironments` are kept initialised, and more come and go by demand instead of by the use of processors, up to `MaxExecutionEnvironments`; beyond it is a 429. Both 0 is `Deactivated` at once',
  GetFunctionUrlConfig: functionUrls,
  GetLayerVersion:
    'yes: layers of this account; `Content.Location` is on this server and valid for 10 minutes, or until it restarts',
  GetLayerVersionByArn:
    'yes: layers of this account; `Content.Location` is on this server and valid for 10 minutes, or until it restarts',
  GetLayerVersionPolicy: 'yes: policies are kept and shown; whether a call is allowed is not decided by them',
  GetPolicy: 'yes: policies decide who may call function URLs; of other calls they decide nothing',
  GetProvisionedConcurrencyConfig: provisionedConcurrency,
  GetRuntimeManagementConfig: 'partly: kept and shown; the runtime is the one of the machine',
  Invoke:
    'partly: RequestResponse, DryRun and Event. Events are stored before 202, run at least once, retried as on AWS, and end at destinations and dead letters. Loops are stopped by the `Lineage` of the trace header. Events keep their tenant',
  InvokeAsync: 'yes',
  InvokeWithResponseStream:
    'yes: bytes leave as the function writes them, to 200 MB; they are not slowed to 2 MB/s after the first 6 MB. A function error is in `InvokeComplete`: `Unhandled` when nothing was written before it, then without a chunk; else the type in the trailer of the runtime, `Sandbox.Timedout` or `Sandbox.Failure`, with what happened in `ErrorDetails`',
  ListAliases: 'yes: weights decide each invocation',
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
    'yes: layers of this account; `Content.Location` is on this server and valid for 10 minutes, or until it restarts',
  PublishVersion:
    'partly: with SnapStart one environment of a version is initialised before it is active, and then serves; no snapshot is taken, and none restored',
  PutFunctionCodeSigningConfig: codeSigning,
  PutFunctionConcurrency: 'yes: refused for functions on a capacity provider',
  PutFunctionEventInvokeConfig: eventInvokeConfigs,
  PutFunctionRecursionConfig: 'yes: loops are found by the `Lineage` of the trace header, which AWS SDKs pass on',
  PutFunctionScalingConfig:
    'partly: `MinExecutionEnvironments` are kept initialised, and more come and go by demand instead of by the use of processors, up to `MaxExecutionEnvironments`; beyond it is a 429. Both 0 is `Deactivated` at once',
  PutProvisionedConcurrencyConfig: provisionedConcurrency,
  PutRuntimeManagementConfig: 'partly: kept and shown; the runtime is the one of the machine',
  RemoveLayerVersionPermission: 'yes: policies are kept and shown; whether a call is allowed is not decided by them',
  RemovePermission: 'yes: policies decide who may call function URLs; of other calls they decide nothing',
  SendDurableExecutionCallbackFailure: 'no',
  SendDurableExecutionCallbackHeartbeat: 'no',
  SendDurableExecutionCallbackSuccess: 'no',
  StopDurableExecution: 'no',
  TagResource: 'yes',
  UntagResource: 'yes',
  UpdateAlias: 'yes: weights decide each invocation',
  UpdateCapacityProvider: capacityProviders,
  UpdateCodeSigningConfig: codeSigning,
  UpdateEventSourceMapping: eventSourceMappings,
  UpdateFunctionCode: 'partly: as CreateFunction',
  UpdateFunctionConfiguration:
    'partly: as CreateFunction; an update completes in milliseconds, so that a second one right behind it is seldom the conflict that it is on AWS',
  UpdateFunctionEventInvokeConfig: eventInvokeConfigs,
  UpdateFunctionUrlConfig: functionUrls,
}
