import type { LiveEvent } from '@/api/types'

export interface SampleHub {
  requests: { method: string; path: string; key: string | null; language: string | null }[]
  /** The next answers to a path, taken in order: path part, status (0: the connection breaks), body. */
  faults: [part: string, status: number, body?: unknown][]
  streams: Set<{ end(): void }>
  cases: Map<string, { version: number; state: string }>
  tell(type: string, customerId: string | null, payload: Record<string, unknown>): LiveEvent
  tellAgain(event: LiveEvent): void
  resync(): void
  typing(customerId: string): void
  receive(customerId: string, channel: string, text: string): { id: string }
}

export interface SampleServer {
  url: string
  hub: SampleHub
  stop(): Promise<void>
}

export const PASSWORD: string
export function startServer(options?: { port?: number; now?: number; stepMs?: number }): Promise<SampleServer>
