import config from './jest.config.mjs'

/** Tests on a real cluster, the one of the current kubeconfig; see k8s/README.md. */
export default {
  ...config,
  roots: ['<rootDir>/k8s'],
  testMatch: ['**/*.cluster.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/k8s/testing/without-installation.ts',
  globalTeardown: '<rootDir>/k8s/testing/without-installation.ts',
  testTimeout: 90_000,
  maxWorkers: 1,
}
