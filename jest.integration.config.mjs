import config from './jest.config.mjs'

/** Tests that need Redis, Kafka or AWS services beside the server, or that kill servers under load. They skip what is not installed. */
export default {
  ...config,
  testMatch: ['**/*.integration.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
}
