// Runs once per environment.
const greeting = process.env.GREETING ?? 'Hello'

// Runs once per invocation.
export const handler = async ({ name }, context) => {
  console.log('request', context.awsRequestId, 'greets', name)
  return { message: `${greeting}, ${name}!` }
}
