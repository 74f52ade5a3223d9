/**
 * Who may import whom: what this table does not name is an error, type imports included.
 * A key is a folder with all below it that has no key of its own, or a pattern: `[^/]+$` is a folder's own files.
 */
const table = {
  'api/errors.ts': [],
  'api/version.ts': [],
  // Options, variables and the settings file: one table, read and checked.
  'api/settings/': ['api/version.ts', 'k8s/settings.ts'],
  // Signatures and sessions: who a request comes from, and the access keys in force.
  'api/authentication/': ['api/errors.ts', 'api/observe/'],
  // The log.
  'api/observe/': [],

  // HTTP in, HTTP out. On top app.ts (all routes on one Fastify instance) and handlers.ts (all operations), which alone know every folder below.
  'api/routes/': [
    'api/errors.ts',
    'api/version.ts',
    'api/authentication/',
    'api/environments/',
    'api/events/',
    'api/functions/',
    'api/invoke/',
    'api/sources/',
  ],
  // What `npm run docs` writes into docs/.
  'api/documentation/': ['api/routes/support/', 'api/settings/'],
  // What all routes share: listener, graceful shutdown, router, handler's contract, error response, pages, authentication of requests.
  'api/routes/http/': [
    'api/errors.ts',
    'api/version.ts',
    'api/model/',
    'api/authentication/',
    'api/functions/',
    'api/invoke/',
  ],
  // Reading bodies: their limits, decoding, and the thread for large ones.
  'api/routes/http/bodies/': ['api/errors.ts', 'api/invoke/', 'api/model/'],
  // Code of functions and layers: how it is given, and the signed links that it is downloaded by.
  'api/routes/packages/': ['api/functions/', 'api/routes/http/'],
  // Functions: create, read, list, update, delete, their configuration, recursion and runtime management.
  'api/routes/functions/': ['api/errors.ts', 'api/functions/', 'api/routes/http/', 'api/routes/packages/'],
  // PublishVersion.
  'api/routes/versions/': ['api/functions/', 'api/routes/http/', 'api/routes/functions/'],
  // Aliases.
  'api/routes/aliases/': ['api/functions/', 'api/routes/http/'],
  // Layer versions and their permissions.
  'api/routes/layers/': ['api/functions/', 'api/routes/http/', 'api/routes/packages/'],
  // Resource policies of functions.
  'api/routes/permissions/': ['api/functions/', 'api/routes/http/', 'api/routes/functions/'],
  // Reserved and provisioned concurrency.
  'api/routes/concurrency/': ['api/functions/', 'api/routes/http/'],
  // Retries, maximum age and destinations of asynchronous invocations.
  'api/routes/event-invoke/': ['api/functions/', 'api/routes/http/', 'api/routes/functions/'],
  // Event source mappings.
  'api/routes/event-sources/': ['api/functions/', 'api/sources/', 'api/routes/http/'],
  // Function URLs: their configs (function-urls.ts), and the requests that are sent to them (url-server.ts).
  'api/routes/function-urls/': [
    'api/errors.ts',
    'api/authentication/',
    'api/functions/',
    'api/environments/',
    'api/invoke/',
    'api/routes/http/',
    'api/routes/functions/',
  ],
  // Capacity providers, the functions on them, and their scaling (managed instances).
  'api/routes/capacity-providers/': ['api/functions/', 'api/routes/http/'],
  // Code signing configs, and the functions that use them.
  'api/routes/code-signing/': ['api/functions/', 'api/routes/http/'],
  // Invoke, InvokeAsync, InvokeWithResponseStream.
  'api/routes/invoke/': ['api/errors.ts', 'api/functions/', 'api/events/', 'api/invoke/', 'api/routes/http/'],
  // GetAccountSettings.
  'api/routes/account/': ['api/functions/', 'api/routes/http/'],
  // Tags of every resource.
  'api/routes/tags/': ['api/errors.ts', 'api/functions/', 'api/routes/http/'],
  // Ours, under /_kubelambda/: the events that queues keep.
  'api/routes/admin/': ['api/errors.ts', 'api/events/'],
  // The page at `/`.
  'api/routes/front-page/': ['api/version.ts', 'api/routes/http/'],
  // Requests that were signed for other services than Lambda: which service, in which format its client reads errors.
  'api/routes/other-services/': ['api/authentication/', 'api/routes/http/', 'api/routes/other-services/error-formats/'],
  // Errors as AWS's protocols write them, a file each.
  'api/routes/other-services/error-formats/': [],
  // What is said of each operation in the support table.
  'api/routes/support/': ['api/model/'],
  // The API as data: operations, decoding and encoding.
  'api/model/[^/]+$': ['api/errors.ts'],
  // What the model demands of values, and where AWS answers otherwise than its model says.
  'api/model/validation/': ['api/errors.ts', 'api/model/[^/]+$'],

  // The story of creating, changing and removing functions (lifecycle.ts).
  'api/functions/[^/]+$': [
    'api/functions/capacity-providers/',
    'api/functions/catalogue/',
    'api/functions/code/',
    'api/functions/function/',
    'api/functions/function-urls/',
    'api/functions/layers/',
    'api/functions/settings/',
    'api/functions/versions/',
  ],
  // What is kept of a function: record, versions, attached settings; names, ARNs and errors.
  'api/functions/function/': ['api/errors.ts'],
  // The contracts of what keeps functions and documents, and how one is changed.
  'api/functions/catalogue/': ['api/functions/function/'],
  // Deployment packages and images: where they come from, how they are checked, where they are kept.
  'api/functions/code/': ['api/errors.ts', 'api/functions/catalogue/', 'api/functions/function/'],
  // Layer versions, and those that a function refers to.
  'api/functions/layers/': [
    'api/errors.ts',
    'api/functions/catalogue/',
    'api/functions/code/',
    'api/functions/function/',
  ],
  // Publishing, deploying, activating and resolving versions and aliases.
  'api/functions/versions/': [
    'api/errors.ts',
    'api/functions/capacity-providers/',
    'api/functions/catalogue/',
    'api/functions/function/',
  ],
  // What an owner configures of a function, and what is refused.
  'api/functions/settings/': [
    'api/errors.ts',
    'api/functions/capacity-providers/',
    'api/functions/catalogue/',
    'api/functions/function/',
  ],
  // Capacity providers, the functions on them, and their scaling.
  'api/functions/capacity-providers/': ['api/errors.ts', 'api/functions/catalogue/', 'api/functions/function/'],
  // Provisioned and reserved concurrency.
  'api/functions/concurrency/': [
    'api/errors.ts',
    'api/functions/capacity-providers/',
    'api/functions/catalogue/',
    'api/functions/function/',
  ],
  // Resource policies.
  'api/functions/policies/': ['api/errors.ts', 'api/functions/catalogue/', 'api/functions/function/'],
  // Function URLs, and who may call them.
  'api/functions/function-urls/': [
    'api/errors.ts',
    'api/functions/catalogue/',
    'api/functions/function/',
    'api/functions/policies/',
  ],

  // Environments: where code runs. The driver contract, and what every driver needs: assignments, variables, runtimes.
  'api/environments/driver/': ['api/functions/', 'runtime-bootstrap/protocol/'],
  // One environment, from assignment to end, and what an invocation sends there and gets back.
  'api/environments/environment/': ['api/environments/driver/', 'runtime-bootstrap/protocol/'],
  // Limits of the account and of functions: counted in this process, or by permits from a ledger that servers share.
  'api/environments/concurrency/': ['api/errors.ts', 'api/environments/driver/', 'api/environments/environment/'],
  // Which environment an invocation gets: scheduler, pools, launches, eviction, the spec of a version's environments.
  'api/environments/scheduling/': [
    'api/functions/',
    'api/observe/',
    'api/environments/driver/',
    'api/environments/environment/',
    'api/environments/concurrency/',
  ],
  // Environments kept initialised: provisioned concurrency, its division between servers, initialisation before a version is active.
  'api/environments/provisioning/': ['api/functions/', 'api/environments/driver/', 'api/environments/scheduling/'],
  // How environments pass between servers: leases, parked environments, adoption of those of dead servers.
  'api/environments/sharing/': [
    'api/errors.ts',
    'api/observe/',
    'api/environments/driver/',
    'api/environments/environment/',
    'api/environments/concurrency/',
    'api/environments/scheduling/',
  ],
  // The driver of local processes.
  'api/environments/process/': [
    'api/functions/',
    'api/observe/',
    'api/environments/driver/',
    'api/environments/process/bundles/',
    'api/environments/process/isolation/',
    'api/environments/process/runtimes/',
    'api/environments/process/supervisors/',
    'runtime-bootstrap/protocol/node-flags.ts',
  ],
  // One file each of the supervisor and of the Node.js runtime client, made by esbuild.
  'api/environments/process/bundles/': [],
  // Sandboxes: what each kind of isolation mounts and hides, and which kind works here.
  'api/environments/process/isolation/': ['api/environments/process/launcher/', 'api/environments/process/runtimes/'],
  // The program that starts supervisors after system calls which Node.js cannot make.
  'api/environments/process/launcher/': [],
  // Interpreters of this machine, and how a runtime is started or waits.
  'api/environments/process/runtimes/': ['api/environments/driver/', 'runtime-bootstrap/protocol/standby-command.ts'],
  // Supervisor processes, and the spares that are started ahead of their use.
  'api/environments/process/supervisors/': [
    'api/environments/driver/',
    'api/environments/process/isolation/',
    'api/environments/process/launcher/',
    'api/environments/process/runtimes/',
    'runtime-bootstrap/protocol/',
  ],
  // One invocation, from asked to answered.
  'api/invoke/': [
    'api/errors.ts',
    'api/functions/',
    'api/environments/driver/',
    'api/environments/environment/',
    'api/environments/scheduling/',
  ],
  // Asynchronous invocations. events.ts puts the parts together.
  'api/events/': [
    'api/functions/',
    'api/observe/',
    'api/events/queue/',
    'api/events/outcomes/',
    'api/events/destinations/',
    'api/events/dispatching/',
  ],
  // The contract of the event queue, and what an operator sees and does of the events in it.
  'api/events/queue/': [],
  // What becomes of one event: run, retry or end, delivery of its outcome.
  'api/events/outcomes/': ['api/errors.ts', 'api/functions/', 'api/observe/', 'api/invoke/', 'api/events/queue/'],
  // How a message reaches SQS, SNS, EventBridge, S3 or a function.
  'api/events/destinations/': ['api/functions/', 'api/aws/', 'api/events/queue/', 'api/events/outcomes/'],
  // Which event runs when: take, prefetch, permits of running events, wake-ups.
  'api/events/dispatching/': ['api/observe/', 'api/events/queue/', 'api/events/outcomes/'],
  // The one way to call AWS services: signed requests, SDK clients, endpoints, credentials.
  'api/aws/': [],
  // Event source mappings: the story (sources.ts), its wiring for a server, and which source a mapping has.
  'api/sources/': ['api/aws/', 'api/functions/', 'api/invoke/', 'api/observe/'],
  // The mapping documents: what they are, how they are kept, which keys they must not share, what is polled for them.
  'api/sources/mappings/': ['api/errors.ts', 'api/functions/'],
  // What every source promises and is given; leases, checkpoints, and the runner that polls under a lease.
  'api/sources/polling/': ['api/aws/', 'api/functions/', 'api/sources/mappings/'],
  // EventBridge patterns that records are filtered by.
  'api/sources/filters/': [],
  // Running the batches of any source: the call, partial responses, retries, failure records, discarding.
  'api/sources/batches/': [
    'api/errors.ts',
    'api/functions/',
    'api/invoke/',
    'api/sources/mappings/',
    'api/sources/polling/',
  ],
  // SQS queues.
  'api/sources/sqs/': [
    'api/aws/',
    'api/invoke/',
    'api/sources/batches/',
    'api/sources/filters/',
    'api/sources/polling/',
  ],
  // Streams with shards: Kinesis and DynamoDB.
  'api/sources/streams/': [
    'api/aws/',
    'api/sources/batches/',
    'api/sources/filters/',
    'api/sources/mappings/',
    'api/sources/polling/',
  ],
  // Streams of Redis; the store implements entry-stream.ts.
  'api/sources/redis-streams/': ['api/sources/batches/', 'api/sources/filters/', 'api/sources/polling/'],
  // Schedules: rate and cron expressions.
  'api/sources/schedules/': ['api/invoke/', 'api/sources/polling/'],
  // Kafka topics: the source of a mapping.
  'api/sources/kafka/': ['api/sources/polling/'],
  // How a cluster is found and entered, and what its errors mean.
  'api/sources/kafka/connection/': [
    'api/aws/',
    'api/sources/kafka/client/',
    'api/sources/mappings/',
    'api/sources/polling/',
  ],
  // Kafka's protocol: connections, groups, fetching and producing.
  'api/sources/kafka/client/': ['api/sources/kafka/records/'],
  // The consumer group, and the polling of the partitions that it assigns.
  'api/sources/kafka/partitions/': [
    'api/sources/batches/',
    'api/sources/filters/',
    'api/sources/kafka/client/',
    'api/sources/kafka/on-failure/',
    'api/sources/kafka/records/',
    'api/sources/polling/',
  ],
  // What is said of a failed batch of Kafka, and topics as on-failure destinations.
  'api/sources/kafka/on-failure/': [
    'api/sources/batches/',
    'api/sources/kafka/client/',
    'api/sources/kafka/records/',
    'api/sources/polling/',
  ],
  // Records as topics have them and as functions see them, and their compression.
  'api/sources/kafka/records/': ['api/sources/batches/', 'api/sources/mappings/', 'api/sources/polling/'],
  // What a caller may set for each kind of source, and whether the source is there; asked by routes only.
  'api/sources/validation/': [
    'api/aws/',
    'api/sources/filters/',
    'api/sources/kafka/on-failure/',
    'api/sources/mappings/',
    'api/sources/polling/',
    'api/sources/redis-streams/',
    'api/sources/schedules/',
    'api/sources/sqs/',
    'api/sources/streams/',
  ],
  // What is kept, wired: Redis where its address is given, else the data folder's database. The rest of api/store/.
  'api/store/': ['api/events/queue/', 'api/functions/catalogue/', 'api/store/embedded/', 'api/store/redis/'],
  // Code blobs: on this machine's disk, or in a folder or bucket that servers share; unpacked folders and layer stacks.
  'api/store/code/': ['api/functions/code/', 'api/store/availability/'],
  // Where code comes from that is not in the request: S3 objects, layers of other accounts, image registries.
  'api/store/code-sources/': ['api/errors.ts', 'api/functions/code/', 'api/functions/layers/'],
  // The file of access keys, read again when it changes.
  'api/store/credentials/': ['api/authentication/'],
  // Faults of stores that can pass: which they are, who is told, and what is retried.
  'api/store/availability/': ['api/errors.ts'],
  // Everything kept in one data folder by node:sqlite.
  'api/store/embedded/': [
    'api/store/availability/',
    'api/events/queue/',
    'api/functions/catalogue/',
    'api/functions/capacity-providers/',
    'api/functions/function/',
  ],
  // Everything kept in Redis, wired (redis-store.ts), and the key that links are signed with.
  'api/store/redis/': [
    'api/errors.ts',
    'api/environments/concurrency/',
    'api/environments/provisioning/',
    'api/environments/sharing/',
    'api/events/queue/',
    'api/functions/catalogue/',
    'api/functions/concurrency/',
    'api/sources/polling/',
    'api/store/redis/catalogue/',
    'api/store/redis/concurrency/',
    'api/store/redis/connection/',
    'api/store/redis/events/',
    'api/store/redis/leases/',
    'api/store/redis/membership/',
  ],
  // The client: connecting, faults, scripts, subscriptions, and every key (keys.ts).
  'api/store/redis/connection/': ['api/errors.ts', 'api/functions/catalogue/'],
  // Functions, versions and documents, with the cache of them and what keeps it true.
  'api/store/redis/catalogue/': [
    'api/errors.ts',
    'api/functions/catalogue/',
    'api/functions/capacity-providers/',
    'api/functions/function/',
    'api/store/redis/connection/',
  ],
  // The queue of asynchronous events, and an operator's view of it.
  'api/store/redis/events/': ['api/events/queue/', 'api/store/availability/', 'api/store/redis/connection/'],
  // Leases of environments and of event sources, and the mutex that servers share.
  'api/store/redis/leases/': [
    'api/environments/sharing/',
    'api/functions/concurrency/',
    'api/sources/polling/',
    'api/store/redis/connection/',
    'api/store/redis/membership/',
  ],
  // The ledger of concurrency permits, and the shares of provisioned concurrency.
  'api/store/redis/concurrency/': [
    'api/environments/concurrency/',
    'api/environments/provisioning/',
    'api/store/redis/connection/',
    'api/store/redis/membership/',
  ],
  // Which servers live, and what happens to what a dead one held.
  'api/store/redis/membership/': ['api/store/redis/connection/'],
  // Redis streams as event sources: a client of someone else's Redis.
  'api/store/redis/streams/': ['api/sources/redis-streams/', 'api/store/redis/connection/'],
  // k8s: what builds images; the entry points are named as text.
  'k8s/images/': ['api/environments/process/bundles/', 'runtime-bootstrap/protocol/'],
  // The driver of environments in pods, and what opens it.
  'k8s/driver/': [
    'api/environments/driver/',
    'k8s/cluster/',
    'k8s/connections/',
    'k8s/pods/',
    'k8s/pools/',
    'k8s/settings.ts',
  ],
  // Generic pods per shape that wait for a function, and the search for capacity.
  'k8s/pools/': ['api/environments/driver/', 'k8s/cluster/', 'k8s/connections/', 'k8s/pods/'],
  // The authenticated connection to a supervisor, and the code sent over it.
  'k8s/connections/': ['api/environments/driver/', 'api/functions/code/', 'k8s/pods/', 'runtime-bootstrap/protocol/'],
  // A pod's shape, spec, assignment, state, labels, watch and removal.
  'k8s/pods/': ['api/environments/driver/', 'k8s/cluster/', 'k8s/settings.ts', 'runtime-bootstrap/protocol/'],
  // The client of the Kubernetes API, its faults, labels and annotations.
  'k8s/cluster/': ['api/environments/driver/'],
  // The settings of the driver.
  'k8s/settings.ts': [],
  // Makes the password of the manifests' Redis; a program of its own.
  'k8s/redis-password.ts': ['k8s/cluster/'],
  // What server and supervisor share: messages and frames, key proofs, Node.js flags, the standby command.
  'runtime-bootstrap/protocol/': [],
  // Output in lines, filtered by level, never more than a bound.
  'runtime-bootstrap/logs/': [],
  // The function's files: written as they come, bound where AWS has them.
  'runtime-bootstrap/files/': ['runtime-bootstrap/protocol/'],
  // Start, signal, freeze and end processes; their memory; the runtime that waits.
  'runtime-bootstrap/processes/': ['runtime-bootstrap/logs/', 'runtime-bootstrap/protocol/'],
  // A lean HTTP/1.1 connection.
  'runtime-bootstrap/runtime-api/http/': ['runtime-bootstrap/protocol/'],
  // The endpoints of extensions, a file each.
  'runtime-bootstrap/runtime-api/extensions/': ['runtime-bootstrap/protocol/', 'runtime-bootstrap/runtime-api/http/'],
  // The routes, and the endpoints of the runtime, a file each. Its folders below are covered by its own name.
  'runtime-bootstrap/runtime-api/': ['runtime-bootstrap/protocol/'],
  // One run, one initialisation, and the faults of both, as values.
  'runtime-bootstrap/runs/': [
    'runtime-bootstrap/processes/',
    'runtime-bootstrap/protocol/',
    'runtime-bootstrap/runtime-api/',
  ],
  // Every line that AWS's platform writes, in text or JSON.
  'runtime-bootstrap/platform/': ['runtime-bootstrap/protocol/', 'runtime-bootstrap/runs/'],
  // What extensions are sent of what happens, in bounded deliveries.
  'runtime-bootstrap/telemetry/': [
    'runtime-bootstrap/logs/',
    'runtime-bootstrap/platform/',
    'runtime-bootstrap/runtime-api/extensions/',
  ],
  // The way to the server: frames and log in order, and the authenticated port of a pod.
  'runtime-bootstrap/channel/': [
    'runtime-bootstrap/logs/',
    'runtime-bootstrap/protocol/',
    'runtime-bootstrap/telemetry/',
  ],
  // Extensions from registration to their end, with all processes of their environment.
  'runtime-bootstrap/extensions/': [
    'runtime-bootstrap/channel/',
    'runtime-bootstrap/logs/',
    'runtime-bootstrap/platform/',
    'runtime-bootstrap/processes/',
    'runtime-bootstrap/protocol/',
    'runtime-bootstrap/runs/',
    'runtime-bootstrap/runtime-api/extensions/',
    'runtime-bootstrap/runtime-api/http/',
    'runtime-bootstrap/telemetry/',
  ],
  // The life of one environment, its responses, its log and what extensions receive.
  'runtime-bootstrap/supervisor/': [
    'runtime-bootstrap/channel/',
    'runtime-bootstrap/extensions/',
    'runtime-bootstrap/files/',
    'runtime-bootstrap/logs/',
    'runtime-bootstrap/platform/',
    'runtime-bootstrap/processes/',
    'runtime-bootstrap/protocol/',
    'runtime-bootstrap/runs/',
    'runtime-bootstrap/runtime-api/',
  ],
  // The entry points; all of the supervisor is below.
  'runtime-bootstrap/': [],
  'fixtures/': [],
  // The command line, the list of areas, the runner and its report.
  'conformance/[^/]+$': ['conformance/areas/', 'conformance/requests/', 'conformance/case/'],
  // Cases by resource.
  'conformance/areas/access/': ['conformance/requests/', 'conformance/case/'],
  'conformance/areas/capacity/': ['conformance/case/'],
  'conformance/areas/code/': ['conformance/case/', 'fixtures/'],
  'conformance/areas/events/': ['conformance/case/'],
  'conformance/areas/functions/': ['conformance/case/'],
  'conformance/areas/http/': ['conformance/requests/', 'conformance/case/'],
  'conformance/areas/invoke/': ['conformance/case/'],
  // The endpoint, and requests that the SDK does not make.
  'conformance/requests/': [],
  // What a case works with: names, functions, assertions.
  'conformance/case/': ['conformance/requests/', 'fixtures/'],

  // The list of what is measured, and its options.
  'bench/[^/]+$': [
    'bench/cluster/',
    'bench/events/',
    'bench/invocations/',
    'bench/measuring/',
    'bench/servers/',
    'bench/stores/',
  ],
  // Client, sample functions, statistics, process figures, report.
  'bench/measuring/': ['fixtures/'],
  // Starts the servers of a run: kubelambda, Redis, the bare echo.
  'bench/servers/': [],
  // Warm, cold and idle environments.
  'bench/invocations/': ['bench/measuring/', 'bench/servers/'],
  // Asynchronous events and queues.
  'bench/events/': ['bench/measuring/', 'bench/servers/'],
  // The catalogue, and what is measured on SQLite and on Redis.
  'bench/stores/': ['bench/events/', 'bench/measuring/', 'bench/servers/'],
  // A server on Kubernetes against bare pods.
  'bench/cluster/': ['bench/measuring/'],
  // Random requests to every socket. The model says what requests look like, the protocol what frames are.
  'bench/fuzz/': ['api/model/', 'bench/measuring/', 'bench/servers/', 'fixtures/', 'runtime-bootstrap/protocol/'],
}

const tests = '\\.(test|contract|harness|fake)\\.ts$|/testing/'
const ours = '^(api|runtime-bootstrap|k8s|fixtures|conformance|bench)/'
const pattern = (place) => `^${place.replaceAll('.', '\\.')}`

/** Folders below with a line of their own. */
const inner = (from) =>
  Object.keys(table)
    .filter((other) => other !== from && other.startsWith(from))
    .map(pattern)

const mayImport = Object.entries(table).map(([from, to]) => ({
  name: `${from.replace(/\/$/, '')}-imports`,
  comment: `${from} may import ${to.length === 0 ? 'nothing of ours' : to.join(', ')}.`,
  severity: 'error',
  from: { path: pattern(from), pathNot: [tests, ...inner(from)] },
  to: { path: ours, pathNot: [from, ...to].map(pattern) },
}))

const only = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: ours, pathNot: [tests, from] },
  to: { path: to },
})

module.exports = {
  forbidden: [
    ...mayImport,
    {
      name: 'not-in-the-table',
      comment: 'A new folder or file of api/ needs a line in the table.',
      severity: 'error',
      from: {
        path: '^api/',
        pathNot: [tests, '^api/(main|server|assembly)\\.ts$', ...Object.keys(table).map(pattern)],
      },
      to: { path: ours },
    },
    only(
      'sqlite-in-store-only',
      'Only store/ knows the database; the bench fills one.',
      '^api/store/|^bench/events/waiting\\.ts$',
      '^(node:)?sqlite$',
    ),
    only('redis-in-store-only', 'Only store/redis/ knows Redis.', '^api/store/redis/', 'node_modules/ioredis/'),
    only(
      'child-processes',
      'Only the local driver and runtime-bootstrap run child processes.',
      '^(api/environments/process|runtime-bootstrap/|fixtures/|conformance/|bench/)',
      '^(node:)?child_process$',
    ),
    only('kubernetes-in-k8s-only', 'Only k8s/ knows Kubernetes.', '^k8s/', 'node_modules/@kubernetes/'),
    only(
      'http-in-routes',
      'Only routes know the HTTP framework.',
      '^api/routes/(app\\.ts$|http/|packages/|function-urls/|front-page/|other-services/|admin/)',
      'node_modules/fastify/',
    ),
    only(
      'sdk-outside-api',
      'The SDK asks servers; ours asks one only for layers of other accounts.',
      '^(conformance|bench|fixtures)/|^api/store/code-sources/aws-layer-source\\.ts$',
      'node_modules/@aws-sdk/client-lambda/',
    ),
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: ours },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: { path: ours }, to: { couldNotResolve: true } },
    {
      name: 'dev-packages-in-tests-only',
      severity: 'error',
      from: { path: '^(api|runtime-bootstrap|k8s)/', pathNot: [tests, '^api/model/generate\\.ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    builtInModules: { add: ['node:sqlite'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(fixtures/(src|build)|runtime-bootstrap/runtimes|\\.kubelambda)/' },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
