/** The auditor's queue and the case that is open. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { BulkResult, CaseAct, CaseDetail, CaseFacets, CaseOut, CaseState, CasesFilter, LiveEvent, RemedyNew, VerdictNew, VerdictReason } from '@/api/types'
import { debounced, turns } from '@/turns'
import { payloadId } from './live'
import { useSession } from './session'

/** The filters of the queue that can be taken off one by one; `state` is always set. */
export type FilterName = Exclude<keyof CasesFilter, 'state'>

/** States that the filters `open` and `done` leave. */
const GROUPS: Partial<Record<string, CaseState[]>> = { open: ['new', 'claimed', 'second_look', 'escalated'], done: ['decided', 'remedied', 'closed'] }
const MOST_SHOWN = 200

export const useCases = defineStore('cases', () => {
  const session = useSession()
  const filter = ref<CasesFilter>({ state: 'open' })
  const facets = ref<CaseFacets | null>(null)
  const items = ref<CaseOut[]>([])
  const next = ref<string | null>(null)
  const loading = ref(false)
  const loaded = ref(false)
  const problem = ref<ApiProblem | null>(null)
  /** Cases that came since the list was read: they are counted, and shown when asked for. */
  const arrived = ref(0)
  /** Rows that the filter no longer holds: they stay in place, quiet, until the list is read again. */
  const gone = ref<ReadonlySet<string>>(new Set())
  /** Rows marked for an act on all of them. */
  const marked = ref<ReadonlySet<string>>(new Set())

  const openId = ref<string | null>(null)
  const detail = ref<CaseDetail | null>(null)
  const detailProblem = ref<ApiProblem | null>(null)
  /** Somebody else changed the open case while it was looked at. */
  const stale = ref(false)
  const acting = ref(false)

  const latestList = turns()
  const latestFacets = turns()
  const latestDetail = turns()
  const position = computed(() => items.value.findIndex((item) => item.id === openId.value))
  const filtersSet = computed(() => (Object.keys(filter.value) as (keyof CasesFilter)[]).filter((name): name is FilterName => name !== 'state' && filter.value[name] != null))

  /** Reads the queue from its beginning. */
  async function load(): Promise<void> {
    const isLatest = latestList()
    loading.value = true
    problem.value = null
    void loadFacets()
    try {
      const page = await hub.cases.list(filter.value)
      if (!isLatest()) return
      items.value = page.items
      next.value = page.next ?? null
      loaded.value = true
      arrived.value = 0
      gone.value = new Set()
      marked.value = new Set(page.items.map((item) => item.id).filter((id) => marked.value.has(id)))
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function loadFacets(): Promise<void> {
    const isLatest = latestFacets()
    const fresh = await hub.cases.facets(filter.value).catch(() => null)
    if (isLatest() && fresh) facets.value = fresh
  }

  async function more(): Promise<void> {
    if (!next.value || loading.value) return
    const isLatest = latestList()
    const page = await hub.cases.list({ ...filter.value, cursor: next.value })
    if (!isLatest()) return
    const present = new Set(items.value.map((item) => item.id))
    items.value = [...items.value, ...page.items.filter((item) => !present.has(item.id))]
    next.value = page.next ?? null
  }

  /** Changes the filter; a value of undefined takes that part of it off. */
  async function show(change: CasesFilter): Promise<void> {
    const merged = { ...filter.value, ...change }
    filter.value = Object.fromEntries(Object.entries(merged).filter(([, value]) => value != null && value !== '')) as CasesFilter
    filter.value.state ??= 'open'
    items.value = []
    marked.value = new Set()
    await load()
  }

  /** Brings the rows up to date where they stand: nothing moves under the eyes of whoever reads them. */
  async function refresh(): Promise<void> {
    if (!loaded.value || loading.value) return
    const isLatest = latestList()
    void loadFacets()
    const page = await hub.cases.list({ ...filter.value, limit: Math.min(MOST_SHOWN, Math.max(50, items.value.length)) }).catch(() => null)
    if (!page || !isLatest()) return
    const fresh = new Map(page.items.map((item) => [item.id, item]))
    const shown = new Set(items.value.map((item) => item.id))
    const whole = page.next == null
    gone.value = new Set(items.value.filter((item, index) => !fresh.has(item.id) && (whole || index < page.items.length)).map((item) => item.id))
    items.value = items.value.map((item) => fresh.get(item.id) ?? item)
    arrived.value = page.items.filter((item) => !shown.has(item.id)).length
    if (items.value.length === 0 && arrived.value > 0) await load()
  }

  async function open(id: string): Promise<void> {
    if (openId.value !== id) {
      openId.value = id
      detail.value = null
      stale.value = false
      // What is done with leaves the list when the work moves on, not while it is looked at.
      items.value = items.value.filter((item) => item.id === id || !gone.value.has(item.id))
    }
    await reload()
  }

  function close(): void {
    latestDetail()
    openId.value = null
    detail.value = null
    detailProblem.value = null
    stale.value = false
  }

  async function reload(): Promise<void> {
    const id = openId.value
    if (!id) return
    const isLatest = latestDetail()
    detailProblem.value = null
    try {
      const fresh = await hub.cases.get(id)
      if (isLatest()) take(fresh)
    } catch (error) {
      if (isLatest()) detailProblem.value = error as ApiProblem
    }
  }

  /** Whether the server lets this person do that with the open case. */
  function may(act: CaseAct): boolean {
    return detail.value?.can.includes(act) ?? false
  }

  const claim = () => act((id) => hub.cases.claim(id))
  const release = () => act((id) => hub.cases.release(id))
  const assign = (userId: string) => act((id, version) => hub.cases.assign(id, { user_id: userId, version }))
  const decide = (verdict: Omit<VerdictNew, 'version'>) => act((id, version) => hub.cases.decide(id, { ...verdict, version }))
  const escalate = (note: string) => act((id, version) => hub.cases.escalate(id, { note, version }))
  const remedy = (done: Omit<RemedyNew, 'version'>) => act((id, version) => hub.cases.remedy(id, { ...done, version }))
  const settle = (note: string) => act((id, version) => hub.cases.close(id, { note, version }))
  const reopen = (note: string) => act((id, version) => hub.cases.reopen(id, { note, version }))

  /** Acts on the version that is shown. False: the case has changed meanwhile, `stale` is set and nothing was done. */
  async function act(run: (id: string, version: number) => Promise<CaseDetail>): Promise<boolean> {
    if (!detail.value || acting.value) return false
    acting.value = true
    try {
      const fresh = await run(detail.value.id, detail.value.version)
      if (openId.value === fresh.id) take(fresh)
      items.value = items.value.map((item) => (item.id === fresh.id ? fresh : item))
      if (!fits(fresh)) gone.value = new Set([...gone.value, fresh.id])
      void loadFacets()
      return true
    } catch (error) {
      if ((error as ApiProblem).status !== 409) throw error
      stale.value = true
      return false
    } finally {
      acting.value = false
    }
  }

  function mark(id: string, on = !marked.value.has(id)): void {
    const changed = new Set(marked.value)
    if (on) changed.add(id)
    else changed.delete(id)
    marked.value = changed
  }

  function markAll(on: boolean): void {
    marked.value = new Set(on ? items.value.map((item) => item.id) : [])
  }

  const claimMarked = () => together((ids) => hub.cases.claimAll(ids))

  /** Judges the marked cases as false positives, each with its reason, on the versions that are shown. */
  function rejectMarked(reasons: Record<string, VerdictReason>, note: string): Promise<BulkResult['items']> {
    const versions = new Map(items.value.map((item) => [item.id, item.version]))
    return together((ids) => hub.cases.rejectAll(ids.map((id) => ({ id, version: versions.get(id) ?? 0, reason: reasons[id] ?? 'other', note }))))
  }

  /** Does something with the marked cases. Those it could not be done with stay marked. */
  async function together(run: (ids: string[]) => Promise<BulkResult>): Promise<BulkResult['items']> {
    acting.value = true
    try {
      const { items: outcomes } = await run([...marked.value].slice(0, 100))
      const fresh = new Map(outcomes.flatMap((outcome) => (outcome.case ? [[outcome.id, outcome.case] as const] : [])))
      items.value = items.value.map((item) => fresh.get(item.id) ?? item)
      marked.value = new Set([...marked.value].filter((id) => !fresh.has(id)))
      gone.value = new Set([...gone.value, ...[...fresh.values()].filter((item) => !fits(item)).map((item) => item.id)])
      if (openId.value && fresh.has(openId.value)) await reload()
      void loadFacets()
      return outcomes
    } finally {
      acting.value = false
    }
  }

  function take(fresh: CaseDetail): void {
    detail.value = fresh
    stale.value = false
  }

  function hear(event: LiveEvent): void {
    if (!event.type.startsWith('case.')) return
    refreshSoon()
    if (openId.value && payloadId(event, 'case_id') === openId.value && !acting.value) void look()
  }

  /** Looks whether the open case is still the version that is shown; a verdict half written is not thrown away. */
  async function look(): Promise<void> {
    const shown = detail.value
    if (!shown) return
    const fresh = await hub.cases.get(shown.id).catch(() => null)
    if (fresh && detail.value?.id === fresh.id && fresh.version > detail.value.version) stale.value = true
  }

  const refreshSoon = debounced(() => void refresh(), 600)

  /** The case above or below the open one, null at the ends. */
  function neighbour(step: 1 | -1): CaseOut | null {
    if (position.value === -1) return items.value[0] ?? null
    return items.value[position.value + step] ?? null
  }

  /** The case this person can go on with after the open one: below it first, then from the top. */
  function nextToJudge(): CaseOut | null {
    const after = [...items.value.slice(position.value + 1), ...items.value.slice(0, Math.max(0, position.value))]
    return after.find(waitsForMe) ?? null
  }

  function waitsForMe(item: CaseOut): boolean {
    if (gone.value.has(item.id)) return false
    return item.state === 'new' || (['claimed', 'escalated'].includes(item.state) && item.assignee_id === session.user?.id)
  }

  function fits(item: CaseOut): boolean {
    const wanted = filter.value.state ?? 'open'
    return wanted === 'all' || (GROUPS[wanted] ?? [wanted]).includes(item.state)
  }

  return {
    filter, filtersSet, facets, items, next, loading, loaded, problem, arrived, gone, marked, openId, detail, detailProblem, stale, acting,
    load, more, show, refresh, open, close, reload, may, claim, release, assign, decide, escalate, remedy, settle, reopen,
    mark, markAll, claimMarked, rejectMarked, hear, neighbour, nextToJudge,
  }
})
