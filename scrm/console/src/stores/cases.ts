/** The auditor's queue and the case that is open. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { CaseDetail, CaseOut, CasesQuery, LiveEvent, Severity, VerdictNew } from '@/api/types'
import { debounced, turns } from '@/turns'
import { payloadId } from './live'

export type QueueTab = 'new' | 'claimed' | 'decided'

export const useCases = defineStore('cases', () => {
  const tab = ref<QueueTab>('new')
  const rule = ref<string | null>(null)
  const severity = ref<Severity | null>(null)
  const items = ref<CaseOut[]>([])
  const next = ref<string | null>(null)
  const loading = ref(false)
  const loaded = ref(false)
  const problem = ref<ApiProblem | null>(null)
  /** Every rule met so far, so that the filter keeps its choices while it is set. */
  const rules = ref<Record<string, string>>({})

  const openId = ref<string | null>(null)
  const detail = ref<CaseDetail | null>(null)
  const detailLoading = ref(false)
  const detailProblem = ref<ApiProblem | null>(null)
  /** Somebody else changed the open case while it was looked at. */
  const stale = ref(false)
  const acting = ref(false)

  const latestList = turns()
  const latestDetail = turns()
  const position = computed(() => items.value.findIndex((item) => item.id === openId.value))

  async function load(quiet = false): Promise<void> {
    const isLatest = latestList()
    if (!quiet) loading.value = true
    problem.value = null
    try {
      const page = await hub.cases.list(wanted())
      if (!isLatest()) return
      items.value = page.items
      next.value = page.next ?? null
      loaded.value = true
      for (const item of page.items) rules.value[item.rule] = item.rule_name
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function more(): Promise<void> {
    if (!next.value || loading.value) return
    const isLatest = latestList()
    const page = await hub.cases.list({ ...wanted(), cursor: next.value })
    if (!isLatest()) return
    const present = new Set(items.value.map((item) => item.id))
    items.value = [...items.value, ...page.items.filter((item) => !present.has(item.id))]
    next.value = page.next ?? null
  }

  async function show(change: { tab?: QueueTab; rule?: string | null; severity?: Severity | null }): Promise<void> {
    if (change.tab !== undefined) tab.value = change.tab
    if (change.rule !== undefined) rule.value = change.rule
    if (change.severity !== undefined) severity.value = change.severity
    items.value = []
    await load()
  }

  async function open(id: string): Promise<void> {
    if (openId.value !== id) {
      openId.value = id
      detail.value = null
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
    detailLoading.value = detail.value === null
    detailProblem.value = null
    try {
      const fresh = await hub.cases.get(id)
      if (isLatest()) take(fresh)
    } catch (error) {
      if (isLatest()) detailProblem.value = error as ApiProblem
    } finally {
      if (isLatest()) detailLoading.value = false
    }
  }

  function claim(): Promise<boolean> {
    return act((id) => hub.cases.claim(id))
  }

  function release(): Promise<boolean> {
    return act((id) => hub.cases.release(id))
  }

  /** Records the verdict on the version that is shown. False: the case has changed meanwhile, `stale` is set. */
  function decide(verdict: Omit<VerdictNew, 'version'>): Promise<boolean> {
    return act((id, version) => hub.cases.decide(id, { ...verdict, version }))
  }

  async function act(run: (id: string, version: number) => Promise<CaseDetail>): Promise<boolean> {
    if (!detail.value || acting.value) return false
    acting.value = true
    try {
      take(await run(detail.value.id, detail.value.version))
      void load(true)
      return true
    } catch (error) {
      if ((error as ApiProblem).status !== 409) throw error
      stale.value = true
      return false
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
    reloadQueue()
    if (openId.value && payloadId(event, 'case_id') === openId.value && !acting.value) void look()
  }

  /** Looks whether the open case is still the version that is shown; a verdict half written is not thrown away. */
  async function look(): Promise<void> {
    const shown = detail.value
    if (!shown) return
    const fresh = await hub.cases.get(shown.id).catch(() => null)
    if (fresh && detail.value?.id === fresh.id && fresh.version > detail.value.version) stale.value = true
  }

  const reloadQueue = debounced(() => void load(true), 400)

  /** The case above or below the open one, null at the ends. */
  function neighbour(step: 1 | -1): CaseOut | null {
    if (position.value === -1) return items.value[0] ?? null
    return items.value[position.value + step] ?? null
  }

  function wanted(): CasesQuery {
    return { state: tab.value, rule: rule.value ?? undefined, severity: severity.value ?? undefined }
  }

  return {
    tab, rule, severity, items, next, loading, loaded, problem, rules, openId, detail, detailLoading, detailProblem, stale, acting,
    load, more, show, open, close, reload, claim, release, decide, hear, neighbour,
  }
})
