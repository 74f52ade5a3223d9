/** The quick tests, on this machine alone: `npm test`. Tests are TypeScript ES modules, run as they are: types are stripped, nothing is bundled. */
export default {
  roots: [
    '<rootDir>/api',
    '<rootDir>/k8s',
    '<rootDir>/runtime-bootstrap',
    '<rootDir>/fixtures',
    '<rootDir>/conformance',
  ],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '\\.(cluster|integration)\\.test\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/jest-strip-types.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/fixtures/build/', '<rootDir>/fixtures/src/', '<rootDir>/.kubelambda'],
  testTimeout: 60_000,
  maxWorkers: 2,
}
