/** The customer list: filters, search, pages, and what the live stream changes in it. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { CustomerFilter, CustomerOut, CustomersQuery, LiveEvent } from '@/api/types'
import { debounced, turns } from '@/turns'
import { payloadId } from './live'

const PAGE = 40
/** More customers changed at once than this: one read of the list is cheaper than one of each. */
const MANY = 8

export const useCustomers = defineStore('customers', () => {
  const items = ref<CustomerOut[]>([])
  const next = ref<string | null>(null)
  const filter = ref<CustomerFilter>('all')
  const query = ref('')
  const loading = ref(false)
  const loadingMore = ref(false)
  const loaded = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const unreadTotal = ref(0)
  const latest = turns()
  let changed = new Set<string>()

  const plain = computed(() => filter.value === 'all' && query.value.trim() === '')

  /** Reads the first page. `quiet` keeps what is shown until the answer is there. */
  async function load(quiet = false): Promise<void> {
    const isLatest = latest()
    if (!quiet) loading.value = true
    problem.value = null
    try {
      const page = await hub.customers.list(wanted())
      if (!isLatest()) return
      items.value = page.items
      next.value = page.next ?? null
      loaded.value = true
      void countUnread()
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function more(): Promise<void> {
    if (!next.value || loadingMore.value || loading.value) return
    const isLatest = latest()
    loadingMore.value = true
    try {
      const page = await hub.customers.list({ ...wanted(), cursor: next.value })
      if (!isLatest()) return
      const present = new Set(items.value.map((customer) => customer.id))
      items.value = [...items.value, ...page.items.filter((customer) => !present.has(customer.id))]
      next.value = page.next ?? null
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      loadingMore.value = false
    }
  }

  async function show(change: { filter?: CustomerFilter; query?: string }): Promise<void> {
    if (change.filter !== undefined) filter.value = change.filter
    if (change.query !== undefined) query.value = change.query
    await load()
  }

  /** The customer's row shows nothing unread from now on; the server is told elsewhere. */
  function showRead(id: string): void {
    const row = items.value.find((customer) => customer.id === id)
    if (!row || row.unread === 0) return
    unreadTotal.value = Math.max(0, unreadTotal.value - row.unread)
    items.value = items.value.map((customer) => (customer.id === id ? { ...customer, unread: 0 } : customer))
  }

  function hear(event: LiveEvent): void {
    if (!event.customer_id || event.type.startsWith('import.')) return
    changed.add(event.customer_id)
    const merged = payloadId(event, 'merged_id')
    if (merged) changed.add(merged)
    refresh()
  }

  const refresh = debounced(() => void renew(), 250)

  async function renew(): Promise<void> {
    const ids = [...changed]
    changed = new Set()
    if (!plain.value || ids.length > MANY) return load(true)
    const fresh = await Promise.all(ids.map((id) => hub.customers.get(id).catch(() => null)))
    if (!plain.value) return
    // One who was merged into another is answered with that other.
    const gone = new Set(ids.filter((id, index) => fresh[index]?.id !== id))
    for (const customer of fresh) if (customer) place(customer)
    if (gone.size) items.value = items.value.filter((customer) => !gone.has(customer.id))
    void countUnread()
  }

  /** Puts a row where its latest activity belongs: newest first. */
  function place(customer: CustomerOut): void {
    const others = items.value.filter((each) => each.id !== customer.id)
    const at = activity(customer)
    const before = others.findIndex((each) => activity(each) < at)
    const index = before === -1 ? others.length : before
    // Beyond the last page read, the row will come with its page.
    if (index === others.length && next.value) items.value = others
    else items.value = [...others.slice(0, index), customer, ...others.slice(index)]
  }

  async function countUnread(): Promise<void> {
    try {
      const page = await hub.customers.list({ filter: 'unread', limit: 100 })
      unreadTotal.value = page.items.reduce((sum, customer) => sum + customer.unread, 0)
    } catch {
      // The list itself reports what is wrong.
    }
  }

  function wanted(): CustomersQuery {
    return { filter: filter.value, query: query.value.trim() || undefined, limit: PAGE }
  }

  return { items, next, filter, query, plain, loading, loadingMore, loaded, problem, unreadTotal, load, more, show, showRead, hear, renew, place }
})

function activity(customer: CustomerOut): number {
  return customer.last_entry ? Date.parse(customer.last_entry.at) : 0
}
