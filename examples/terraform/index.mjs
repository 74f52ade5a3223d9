export const handler = async ({ rawPath, requestContext }) => ({
  message: `${requestContext.http.method} ${rawPath} was received`,
})
