/** The sign-in routes. They set a cookie and are not part of the published document, which describes the API for programs. */
import type { components } from './schema'

export interface SessionOut {
  user: components['schemas']['UserOut']
  /** To be sent as X-CSRF-Token with every request that changes something. */
  csrf: string
}

interface Answer<Content> {
  headers: Record<string, unknown>
  content: { 'application/json': Content }
}

export interface SessionPaths {
  '/api/v1/session': {
    get: { responses: { 200: Answer<SessionOut> } }
    post: {
      requestBody: { content: { 'application/json': { login: string; password: string } } }
      responses: { 200: Answer<SessionOut> }
    }
    delete: { responses: { 204: { headers: Record<string, unknown>; content?: never } } }
  }
}
