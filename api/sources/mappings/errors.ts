import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'

const conflict = (message: string) => new LambdaError(kinds.resourceConflict, message)
const updateExisting = (id: string) => `Please update or delete the existing mapping with UUID ${id}`

/** Errors of event source mappings (reference 8.1, 1.5). */
export const mappingErrors = {
  unrecognizedSource: () => invalidParameterValue('Unrecognized event source.'),
  noFunction: () => invalidParameterValue('Function does not exist'),
  /** The source's service refused a request. */
  sourceFault: (fault: string) => invalidParameterValue(fault),
  noStartingPosition: () =>
    invalidParameterValue(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: " +
        'Member must not be null.',
    ),
  startingPosition: (arn: string) => invalidParameterValue(`Unsupported starting position for arn type: ${arn}`),
  unsupported: (member: string) =>
    invalidParameterValue(`Unsupported ${member} parameter for given event source mapping type.`),
  batchWithoutWindow: () =>
    invalidParameterValue(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ),
  fifoWindow: () => invalidParameterValue('Batching window is not supported for FIFO queues'),
  /** EventBridge's text. */
  scheduleExpression: () => invalidParameterValue('Parameter ScheduleExpression is not valid.'),
  filterPattern: () => invalidParameterValue('Invalid filter pattern definition.'),
  missing: (member: string) => invalidParameterValue(`Required '${member}' parameter is missing.`),
  queueTaken: (arn: string, functionName: string, id: string) =>
    conflict(
      `An event source mapping with SQS arn (" ${arn} ") and function (" ${functionName} ") already exists. ` +
        updateExisting(id),
    ),
  streamTaken: (arn: string, functionName: string, id: string) =>
    conflict(
      `The event source arn (" ${arn} ") and function (" ${functionName} ") provided mapping already exists. ` +
        updateExisting(id),
    ),
  kafkaTaken: (source: string, functionArn: string, topics: readonly string[], id: string) =>
    conflict(
      `An event source mapping with event source ("${source}"), function ("${functionArn}"), ` +
        `topics ("${topics.join(',')}") already exists. ${updateExisting(id)}`,
    ),
}

/** Errors whose texts on AWS are not known; these texts are ours. */
export const unrecordedErrors = {
  noTimestamp: () =>
    invalidParameterValue('StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP.'),
  timestampAlone: () =>
    invalidParameterValue('StartingPositionTimestamp can only be used when StartingPosition is AT_TIMESTAMP.'),
  fifoBatch: () => invalidParameterValue('Maximum batch size for FIFO queues is 10.'),
  tooManyFilters: (most: number) => invalidParameterValue(`Number of filters cannot be greater than ${most}.`),
  recordAge: () => invalidParameterValue('MaximumRecordAgeInSeconds must be -1 or at least 60.'),
  pollersAndConcurrency: () =>
    invalidParameterValue('ProvisionedPollerConfig and ScalingConfig cannot be set at the same time.'),
  pollers: () => invalidParameterValue('MinimumPollers cannot be greater than MaximumPollers.'),
  /** AWS's text for destinations of asynchronous invocations (reference 2.12). */
  destination: (arn: string) =>
    invalidParameterValue(
      `The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=${arn})) is invalid.`,
    ),
  kafkaDestination: () => invalidParameterValue('A Kafka topic can only be the destination of a Kafka event source.'),
  destinationIsSource: (topic: string) =>
    invalidParameterValue(`The on-failure destination cannot be a topic of the event source: ${topic}`),
  twoSources: () => invalidParameterValue('EventSourceArn and SelfManagedEventSource cannot be set at the same time.'),
}
