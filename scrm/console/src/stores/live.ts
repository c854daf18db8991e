/** The live stream of facts: one EventSource for the whole console, each event told once. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { LIVE_EVENT_TYPES, type LiveEvent, type TypingEvent } from '@/api/types'

/** The part of EventSource that is used, so that another runtime can bring its own. */
export interface LiveSource {
  readonly readyState: number
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void
  close(): void
}

export interface LiveOptions {
  open?: (url: string) => LiveSource
  firstWaitMs?: number
}

type Listener = (event: LiveEvent) => void

const CLOSED = 2
const REMEMBERED_IDS = 2000
const LONGEST_WAIT_MS = 30_000

export const useLive = defineStore('live', () => {
  const state = ref<'off' | 'connecting' | 'open' | 'lost'>('off')
  const listeners = new Set<Listener>()
  const resyncListeners = new Set<() => void>()
  const typingListeners = new Set<(event: TypingEvent) => void>()
  let seen = new Set<string>()
  let source: LiveSource | null = null
  let options: Required<LiveOptions> = { open: (url) => new EventSource(url, { withCredentials: true }), firstWaitMs: 1000 }
  let wait = options.firstWaitMs
  let timer: ReturnType<typeof setTimeout> | undefined
  let missed = false

  function start(url = '/api/v1/events', change: LiveOptions = {}): void {
    options = { ...options, ...change }
    stop()
    wait = options.firstWaitMs
    open(url)
  }

  function stop(): void {
    clearTimeout(timer)
    source?.close()
    source = null
    state.value = 'off'
    missed = false
  }

  function open(url: string): void {
    state.value = state.value === 'lost' ? 'lost' : 'connecting'
    const opened = options.open(url)
    source = opened
    opened.addEventListener('open', () => {
      state.value = 'open'
      wait = options.firstWaitMs
      // A source we opened anew brings no Last-Event-ID: what happened meanwhile must be read again.
      if (missed) tellResync()
      missed = false
    })
    opened.addEventListener('error', () => {
      state.value = 'lost'
      // The browser reconnects by itself, with Last-Event-ID, unless the answer was an error.
      if (opened.readyState === CLOSED && source === opened) openLater(url)
    })
    opened.addEventListener('resync', tellResync)
    opened.addEventListener('typing', (event) => tellTyping(event.data))
    for (const type of LIVE_EVENT_TYPES) opened.addEventListener(type, (event) => tell(event.data))
  }

  function openLater(url: string): void {
    missed = true
    clearTimeout(timer)
    timer = setTimeout(() => open(url), wait)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }

  function tell(text: string): void {
    const event = read<LiveEvent>(text)
    if (!event || seen.has(event.id)) return
    seen.add(event.id)
    if (seen.size > REMEMBERED_IDS) seen = new Set([...seen].slice(-REMEMBERED_IDS / 2))
    for (const listener of listeners) listener(event)
  }

  function tellTyping(text: string): void {
    const event = read<TypingEvent>(text)
    if (event) for (const listener of typingListeners) listener(event)
  }

  function tellResync(): void {
    for (const listener of resyncListeners) listener()
  }

  /** Tells each fact once. The function it gives back ends that. */
  function onEvent(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Tells when events may have been missed: everything shown must be read again. */
  function onResync(listener: () => void): () => void {
    resyncListeners.add(listener)
    return () => resyncListeners.delete(listener)
  }

  function onTyping(listener: (event: TypingEvent) => void): () => void {
    typingListeners.add(listener)
    return () => typingListeners.delete(listener)
  }

  return { state, start, stop, onEvent, onResync, onTyping }
})

/** The id a payload carries under `key`, null when it carries none. */
export function payloadId(event: LiveEvent, key: string): string | null {
  const value = event.payload[key]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null
}

function read<Shape>(text: string): Shape | null {
  try {
    return JSON.parse(text) as Shape
  } catch {
    return null
  }
}
