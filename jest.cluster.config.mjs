import config from './jest.config.mjs'

/** Tests on a real cluster, the one of the current kubeconfig; see k8s/README.md. */
export default {
  ...config,
  roots: ['<rootDir>/k8s'],
  testMatch: ['**/*.cluster.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/k8s/testing/without-installation.ts',
  globalTeardown: '<rootDir>/k8s/testing/without-installation.ts',
  // A slow node takes minutes to be rid of the pods of the tests before.
  testTimeout: 240_000,
  maxWorkers: 1,
}
