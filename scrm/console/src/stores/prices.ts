/** The price book: the list at a time, one product with its history, and what waits for approval. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { PriceDetail, PriceDraft, PriceFile, PriceOut, Proposal, ProposalAct } from '@/api/types'
import { turns } from '@/turns'
import { useSession } from './session'

const PAGE = 100

export const usePrices = defineStore('prices', () => {
  const session = useSession()
  const items = ref<PriceOut[]>([])
  const next = ref<string | null>(null)
  const query = ref('')
  const at = ref<string | null>(null)
  const knownAt = ref<string | null>(null)
  const loading = ref(false)
  const loaded = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const detail = ref<PriceDetail | null>(null)
  const detailProblem = ref<ApiProblem | null>(null)
  const proposals = ref<Proposal[]>([])
  const waiting = ref<Proposal[]>([])
  const shownState = ref<'proposed' | 'all'>('proposed')
  const proposalsProblem = ref<ApiProblem | null>(null)
  const latestList = turns()
  const latestDetail = turns()
  const then = computed(() => ({ ...(at.value ? { at: at.value } : {}), ...(knownAt.value ? { known_at: knownAt.value } : {}) }))

  async function load(): Promise<void> {
    const isLatest = latestList()
    loading.value = true
    problem.value = null
    try {
      const page = await hub.prices.list({ ...then.value, query: query.value.trim(), limit: PAGE })
      if (!isLatest()) return
      items.value = page.items
      next.value = page.next ?? null
      loaded.value = true
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function more(): Promise<void> {
    if (!next.value) return
    const page = await hub.prices.list({ ...then.value, query: query.value.trim(), limit: PAGE, cursor: next.value })
    items.value = [...items.value, ...page.items]
    next.value = page.next ?? null
  }

  function find(words: string): Promise<void> {
    query.value = words
    return load()
  }

  /** Looks at another time; `null` is now, and as known now. */
  async function lookAt(moment: string | null, known: string | null): Promise<void> {
    at.value = moment
    knownAt.value = known
    await Promise.all([load(), detail.value ? open(detail.value.sku) : undefined])
  }

  async function open(sku: string): Promise<void> {
    const isLatest = latestDetail()
    detailProblem.value = null
    if (detail.value?.sku !== sku) detail.value = null
    try {
      const found = await hub.prices.get(sku, then.value)
      if (isLatest()) detail.value = found
    } catch (error) {
      if (isLatest()) detailProblem.value = error as ApiProblem
    }
  }

  function close(): void {
    latestDetail()
    detail.value = null
    detailProblem.value = null
  }

  async function loadProposals(state = shownState.value): Promise<void> {
    if (!session.can('prices.history')) return
    shownState.value = state
    proposalsProblem.value = null
    try {
      const [shown, open_] = await Promise.all([hub.prices.proposals({ state, limit: PAGE }), hub.prices.proposals({ state: 'proposed', limit: PAGE })])
      proposals.value = shown.items
      waiting.value = open_.items
    } catch (error) {
      proposalsProblem.value = error as ApiProblem
    }
  }

  async function propose(draft: PriceDraft, reason: string): Promise<Proposal> {
    const made = await hub.prices.propose(draft, reason)
    await renew()
    return made
  }

  async function decide(proposal: Proposal, act: ProposalAct, note: string, together: boolean): Promise<number> {
    const acts = { approve: hub.prices.approve, reject: hub.prices.reject, withdraw: (id: string, _: string, all: boolean) => hub.prices.withdraw(id, all) }
    const decided = await acts[act](proposal.id, note, together)
    await renew()
    return decided.items.length
  }

  async function read(file: File, preview: boolean, reason = ''): Promise<PriceFile> {
    const result = await hub.prices.read(file, preview, reason)
    if (!preview) await renew()
    return result
  }

  /** Everything that is shown, once more. */
  async function renew(): Promise<void> {
    await Promise.all([load(), loadProposals(), detail.value ? open(detail.value.sku) : undefined])
  }

  return { items, next, query, at, knownAt, loading, loaded, problem, detail, detailProblem, proposals, waiting, shownState, proposalsProblem, load, more, find, lookAt, open, close, loadProposals, propose, decide, read, renew }
})
