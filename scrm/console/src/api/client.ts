/** The typed HTTP client: language, CSRF token, and one kind of error for everything that can go wrong. */
import createClient, { type Middleware } from 'openapi-fetch'
import type { paths } from './schema'
import type { SessionPaths } from './sessionPaths'
import type { FindingOut, Problem, ProblemRow } from './types'

/** What the server (or the network) answered instead of a result. `status` 0: no answer came. */
export class ApiProblem extends Error {
  readonly status: number
  readonly title: string
  readonly findings: FindingOut[]
  readonly rows: ProblemRow[]

  constructor(status: number, title: string, detail: string, findings: FindingOut[] = [], rows: ProblemRow[] = []) {
    super(detail || title)
    this.name = 'ApiProblem'
    this.status = status
    this.title = title
    this.findings = findings
    this.rows = rows
  }

  get offline(): boolean {
    return this.status === 0
  }
}

export interface ConnectOptions {
  /** Origin of the server, empty for the page's own. */
  origin?: string
  fetch?: (request: Request) => Promise<Response>
}

interface Surroundings {
  csrf: string
  language: string
  signedOut: () => void
}

const surroundings: Surroundings = { csrf: '', language: 'zh-CN', signedOut: () => undefined }

const headers: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', surroundings.language)
    if (!['GET', 'HEAD'].includes(request.method) && surroundings.csrf) {
      request.headers.set('X-CSRF-Token', surroundings.csrf)
    }
    return request
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/api/v1/session') surroundings.signedOut()
    return response
  },
}

function client(options: ConnectOptions) {
  const made = createClient<paths & SessionPaths>({
    baseUrl: options.origin ?? '',
    credentials: 'same-origin',
    fetch: options.fetch ?? ((request) => globalThis.fetch(request)),
  })
  made.use(headers)
  return made
}

export let api = client({})

/** Talks to another server from now on (tests). */
export function connect(options: ConnectOptions): void {
  api = client(options)
}

/** Changes what every request carries, and what happens when the session has ended. */
export function surround(change: Partial<Surroundings>): void {
  Object.assign(surroundings, change)
}

/** The result of a call, or an `ApiProblem`. */
export async function answer<Result>(call: Promise<{ data?: Result; error?: unknown; response: Response }>): Promise<Result> {
  let got
  try {
    got = await call
  } catch (error) {
    throw new ApiProblem(0, 'offline', error instanceof Error ? error.message : String(error))
  }
  if (!got.response.ok) throw problemOf(got.response, got.error)
  return got.data as Result
}

/** A file of the server, or an `ApiProblem`. */
export async function download(path: string): Promise<Blob> {
  let response
  try {
    response = await globalThis.fetch(path, { credentials: 'same-origin', headers: { 'Accept-Language': surroundings.language } })
  } catch (error) {
    throw new ApiProblem(0, 'offline', error instanceof Error ? error.message : String(error))
  }
  if (response.ok) return response.blob()
  if (response.status === 401) surroundings.signedOut()
  throw problemOf(response, await response.json().catch(() => null))
}

function problemOf(response: Response, error: unknown): ApiProblem {
  if (isProblem(error)) return new ApiProblem(response.status, error.title, error.detail, error.findings ?? [], error.rows ?? [])
  return new ApiProblem(response.status, response.statusText || String(response.status), '')
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'title' in error && 'detail' in error
}
