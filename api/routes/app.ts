import { version } from '../version.ts'
import type { IsolationReport } from '../environments/driver/driver.ts'
import Fastify, { type FastifyInstance } from 'fastify'
import { openRoute, registerAuthentication, type AuthenticationDependencies } from './http/authentication.ts'
import { anyOrigin, registerBrowserChecks, type BrowserDependencies } from './http/browser-requests.ts'
import { registerCodeDownload, type CodeDownloadDependencies } from './packages/code-download.ts'
import {
  registerFunctionUrls,
  rewriteFunctionUrl,
  type FunctionUrlServerDependencies,
} from './function-urls/url-server.ts'
import { registerFrontPage } from './front-page/front-page.ts'
import type { Handlers } from './http/handler.ts'
import { registerFailedEvents, type FailedEventsDependencies } from './admin/events.ts'
import { registerOtherServices } from './other-services/other-services.ts'
import { registerRoutes, routerOptions, type RouterDependencies } from './http/router.ts'

export interface AppDependencies {
  readonly handlers: Handlers
  readonly router: RouterDependencies
  readonly browsers: BrowserDependencies
  readonly authentication: AuthenticationDependencies
  readonly codeDownload: CodeDownloadDependencies
  readonly functionUrls: FunctionUrlServerDependencies
  readonly failedEvents: FailedEventsDependencies
  /** Whether the server is ready; false during start and graceful shutdown. */
  readonly isReady: () => boolean
  /** How functions are isolated on this machine. */
  readonly isolation?: IsolationReport | undefined
}

/** The API's model validates and encodes. Fastify's own validator and serializer, which are slow to load, are not used. */
const compilersFactory = {
  buildValidator: () => () => () => true,
  buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
} as object

/** Builds the HTTP application from its dependencies. Does not listen. */
export function buildApp(dependencies: AppDependencies): FastifyInstance {
  const app = Fastify({
    ...routerOptions,
    forceCloseConnections: 'idle',
    // A request received before its connection is closed is processed; its response announces the close.
    return503OnClosing: false,
    rewriteUrl: rewriteFunctionUrl,
    schemaController: { compilersFactory },
  })
  registerRoutes(app, dependencies.handlers, dependencies.router)
  registerBrowserChecks(app, dependencies.browsers)
  registerOtherServices(app)
  registerAuthentication(app, dependencies.authentication)
  registerFrontPage(app)
  registerCodeDownload(app, dependencies.codeDownload)
  registerFunctionUrls(app, dependencies.functionUrls)
  registerFailedEvents(app, dependencies.failedEvents)
  app.get('/health', { config: { ...openRoute, ...anyOrigin } }, (_request, reply) => {
    const isReady = dependencies.isReady()
    const { isolation } = dependencies
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', version, isolation })
  })
  return app
}
