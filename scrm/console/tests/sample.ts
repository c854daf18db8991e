/** The real stores against the sample server: sign in, and go. */
import { EventSource } from 'eventsource'
import { createPinia, setActivePinia } from 'pinia'
import { connect, surround } from '@/api/client'
import type { LiveSource } from '@/stores/live'
import { useSession } from '@/stores/session'
import { PASSWORD, startServer, type SampleServer } from './server.mjs'

export interface Sample extends SampleServer {
  /** Opens the live stream with this session's cookie. */
  openSource(url: string): LiveSource
}

/** A fresh server and fresh stores, nobody signed in. The caller stops it. */
export async function startSample(stepMs = 20): Promise<Sample> {
  const server = await startServer({ stepMs })
  let cookie = ''
  const browse = async (request: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers ?? (request instanceof Request ? request.headers : undefined))
    if (cookie) headers.set('cookie', cookie)
    const response = await fetch(request, { ...init, headers })
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return response
  }
  setActivePinia(createPinia())
  surround({ csrf: '', language: 'zh-CN', signedOut: () => undefined })
  connect({ origin: server.url, fetch: browse })
  return { ...server, openSource: (url) => new EventSource(server.url + url, { fetch: (at, init) => browse(at, init) }) }
}

export async function signIn(login: 'chen' | 'gu' | 'admin'): Promise<void> {
  await useSession().signIn(login, PASSWORD)
}

/** Waits until something is so; fails after two seconds. */
export async function until(so: () => boolean): Promise<void> {
  const limit = Date.now() + 2000
  while (!so()) {
    if (Date.now() > limit) throw new Error(`never came true: ${so.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
