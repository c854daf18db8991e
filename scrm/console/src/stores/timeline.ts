/** The timeline of the open customer: pages, filters, live changes, and messages on their way out. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { EntryKind, EntryOut, LiveEvent, MessageNew, ReplyChannelOut, TimelineQuery } from '@/api/types'
import { joined, placed } from '@/timeline/rows'
import { turns } from '@/turns'
import { payloadId } from './live'

const PAGE = 50
/** How many pages are read at most to find one entry: 2,000 entries. */
const SEEK_PAGES = 40

/** A message that the server has not confirmed yet. */
export interface Pending {
  key: string
  message: MessageNew
  entry: EntryOut
}

export const useTimeline = defineStore('timeline', () => {
  const customerId = ref<string | null>(null)
  const stored = ref<EntryOut[]>([])
  const pending = ref<Pending[]>([])
  const next = ref<string | null>(null)
  const channel = ref<string | null>(null)
  const kind = ref<EntryKind | null>(null)
  const loading = ref(false)
  const loadingOlder = ref(false)
  const problem = ref<ApiProblem | null>(null)
  /** The entry that is to be shown; `n` grows so that the same one can be asked for twice. */
  const wanted = ref<{ id: string; n: number } | null>(null)
  const latest = turns()

  const entries = computed(() => [...stored.value, ...pending.value.map((each) => each.entry)])
  const filtered = computed(() => channel.value !== null || kind.value !== null)

  async function open(id: string): Promise<void> {
    if (customerId.value !== id) {
      customerId.value = id
      stored.value = []
      pending.value = []
      next.value = null
      channel.value = null
      kind.value = null
      wanted.value = null
    }
    await load()
  }

  function close(): void {
    latest()
    customerId.value = null
    stored.value = []
    pending.value = []
  }

  /** Reads the newest page anew. */
  async function load(): Promise<void> {
    const id = customerId.value
    if (!id) return
    const isLatest = latest()
    loading.value = true
    problem.value = null
    try {
      const page = await hub.customers.timeline(id, query())
      if (!isLatest()) return
      stored.value = page.items.toReversed()
      next.value = page.next ?? null
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function older(): Promise<void> {
    const id = customerId.value
    if (!id || !next.value || loadingOlder.value || loading.value) return
    const isLatest = latest()
    loadingOlder.value = true
    try {
      const page = await hub.customers.timeline(id, { ...query(), cursor: next.value })
      if (!isLatest()) return
      stored.value = joined(page.items.toReversed(), stored.value)
      next.value = page.next ?? null
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      loadingOlder.value = false
    }
  }

  async function show(change: { channel?: string | null; kind?: EntryKind | null }): Promise<void> {
    if (change.channel !== undefined) channel.value = change.channel
    if (change.kind !== undefined) kind.value = change.kind
    stored.value = []
    await load()
  }

  /** Reads older pages until the entry is there, then asks for it to be shown. False: it is not on this timeline. */
  async function seek(entryId: string): Promise<boolean> {
    if (filtered.value && !has(entryId)) await show({ channel: null, kind: null })
    for (let page = 0; page < SEEK_PAGES && !has(entryId) && next.value; page++) await older()
    if (!has(entryId)) return false
    wanted.value = { id: entryId, n: (wanted.value?.n ?? 0) + 1 }
    return true
  }

  async function hear(event: LiveEvent): Promise<void> {
    if (event.customer_id !== customerId.value) return
    const entryId = payloadId(event, 'entry_id')
    if (entryId && /^(entry|message)\./.test(event.type)) await renew(entryId)
  }

  async function renew(entryId: string): Promise<void> {
    const id = customerId.value
    const entry = await hub.entries.get(entryId).catch(() => null)
    if (entry && customerId.value === id && (entry.customer_id === id || entry.customer_id === null)) place(entry)
  }

  /** Puts an entry where its source time belongs, unless a filter hides it. */
  function place(entry: EntryOut): void {
    if ((channel.value && entry.channel !== channel.value) || (kind.value && entry.kind !== kind.value)) return
    if (entry.direction === 'outbound' && !has(entry.id)) confirm(entry)
    stored.value = placed(stored.value, entry)
  }

  /** Sends a message; it stands on the timeline at once. A refused draft throws `ApiProblem` and leaves no trace. */
  async function send(message: MessageNew, channelOut: ReplyChannelOut | null, actorName: string): Promise<void> {
    const id = customerId.value
    if (!id) return
    const key = crypto.randomUUID()
    pending.value = [...pending.value, { key, message, entry: draftEntry(key, id, message, channelOut, actorName) }]
    await dispatch(id, key)
  }

  /** Sends a message again that never reached the server. The same key: it cannot go out twice. */
  async function resend(localId: string): Promise<void> {
    const each = pending.value.find((item) => item.entry.id === localId)
    if (!each || !customerId.value) return
    mark(each.key, 'queued', '')
    await dispatch(customerId.value, each.key)
  }

  async function dispatch(id: string, key: string): Promise<void> {
    const each = pending.value.find((item) => item.key === key)
    if (!each) return
    try {
      const entry = await hub.customers.send(id, each.message, key)
      pending.value = pending.value.filter((item) => item.key !== key)
      if (customerId.value === id) place(entry)
    } catch (error) {
      if (error instanceof ApiProblem && error.offline) return mark(key, 'failed', 'offline')
      pending.value = pending.value.filter((item) => item.key !== key)
      throw error
    }
  }

  /** The stream may tell of a sent message before its answer arrives: show it once. */
  function confirm(entry: EntryOut): void {
    const twin = pending.value.find((each) => each.message.text === entry.text && each.entry.state === 'queued')
    if (twin) pending.value = pending.value.filter((each) => each !== twin)
  }

  function mark(key: string, state: EntryOut['state'], reason: string): void {
    pending.value = pending.value.map((each) =>
      each.key === key ? { ...each, entry: { ...each.entry, state, state_reason: reason } } : each,
    )
  }

  async function retry(entryId: string): Promise<void> {
    place(await hub.entries.retry(entryId))
  }

  async function handedOver(entryId: string): Promise<void> {
    place(await hub.entries.handedOver(entryId))
  }

  function has(entryId: string): boolean {
    return stored.value.some((entry) => entry.id === entryId)
  }

  function query(): TimelineQuery {
    return { limit: PAGE, channel: channel.value ?? undefined, kind: kind.value ?? undefined }
  }

  return {
    customerId, entries, stored, pending, next, channel, kind, filtered, loading, loadingOlder, problem, wanted,
    open, close, load, older, show, seek, hear, place, send, resend, retry, handedOver,
  }
})

function draftEntry(key: string, id: string, message: MessageNew, channel: ReplyChannelOut | null, actorName: string): EntryOut {
  const now = new Date().toISOString()
  return {
    id: `local:${key}`,
    customer_id: id,
    channel: channel?.channel ?? '',
    channel_kind: channel?.channel_kind ?? '',
    channel_label: channel?.label ?? '',
    thread: '',
    kind: 'message',
    direction: 'outbound',
    speaker: 'rep',
    actor: '',
    actor_name: actorName,
    at: now,
    received_at: now,
    text: message.text,
    body: { form: 'text' },
    state: 'queued',
    state_reason: '',
    tags: [],
    claims: [],
    versions: [],
    findings: [],
  }
}
