/** Who may import whom: what this table does not name is an error. */
const table = {
  'api/errors.ts': [],
  'api/version.ts': [],
  'api/settings/': ['api/version.ts', 'k8s/settings.ts'],
  'api/app.ts': [
    'api/errors.ts',
    'api/version.ts',
    'api/model/',
    'api/routes/',
    'api/observe/',
    'api/functions/',
    'api/invoke/',
    'api/events/',
    'api/authentication/',
  ],
  'api/authentication/': ['api/errors.ts', 'api/observe/'],
  // How services of AWS are called: signed requests, SDK clients, endpoints.
  'api/aws/': [],
  'api/model/': ['api/errors.ts'],
  'api/functions/': ['api/errors.ts'],
  'api/observe/': ['api/errors.ts', 'api/functions/'],
  'api/environments/': [
    'api/errors.ts',
    'api/functions/',
    'api/observe/',
    'runtime-bootstrap/protocol.ts',
    'runtime-bootstrap/node-flags.ts',
    'runtime-bootstrap/standby-command.ts',
  ],
  'api/invoke/': ['api/errors.ts', 'api/functions/', 'api/environments/', 'api/observe/'],
  'api/events/': ['api/errors.ts', 'api/aws/', 'api/functions/', 'api/invoke/', 'api/observe/'],
  'api/sources/': ['api/errors.ts', 'api/aws/', 'api/functions/', 'api/invoke/', 'api/observe/'],
  'api/store/': [
    'api/errors.ts',
    'api/functions/',
    'api/environments/leases.ts',
    'api/environments/place-ledger.ts',
    'api/environments/provision-shares.ts',
    'api/events/',
    'api/sources/',
    'api/authentication/',
  ],
  'api/routes/': [
    'api/errors.ts',
    'api/version.ts',
    'api/authentication/',
    'api/model/',
    'api/functions/',
    'api/invoke/',
    'api/environments/',
    'api/events/',
    'api/sources/',
    'api/observe/',
  ],
  'k8s/images/': [
    'api/environments/process/bundle.ts',
    'api/environments/process/runtime-clients.ts',
    'runtime-bootstrap/',
  ],
  'k8s/': [
    'api/environments/assignment.ts',
    'api/environments/driver.ts',
    'api/environments/runtime-family.ts',
    'api/environments/variables.ts',
    'api/functions/function.ts',
    'api/functions/deployment-package.ts',
    'runtime-bootstrap/protocol.ts',
    'runtime-bootstrap/proof.ts',
    'runtime-bootstrap/node-flags.ts',
    'runtime-bootstrap/standby-command.ts',
  ],
  'runtime-bootstrap/': [],
  'fixtures/': [],
  'conformance/': ['fixtures/'],
  'bench/': ['fixtures/'],
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
      '^api/store/|^bench/waiting\\.ts$',
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
    only('http-in-routes', 'Only routes know the HTTP framework.', '^api/(routes/|app\\.ts$)', 'node_modules/fastify/'),
    only(
      'sdk-outside-api',
      'The SDK asks servers; ours asks one only for layers of other accounts.',
      '^(conformance|bench|fixtures)/|^api/store/aws-layer-source\\.ts$',
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
