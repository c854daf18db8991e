/** Files that are read in: their progress, and the rows that could not be read. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { BadRowOut, ChannelOut, ImportOut, LiveEvent } from '@/api/types'
import { payloadId } from './live'

export const useImports = defineStore('imports', () => {
  const items = ref<ImportOut[]>([])
  const channels = ref<ChannelOut[]>([])
  const badRows = ref<Record<string, BadRowOut[]>>({})
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const running = computed(() => items.value.some((item) => item.state === 'waiting' || item.state === 'running'))

  async function load(): Promise<void> {
    loading.value = items.value.length === 0
    problem.value = null
    try {
      const [page, all] = await Promise.all([hub.imports.list(), hub.channels.list()])
      items.value = page.items
      channels.value = all.items.filter((channel) => channel.capabilities.includes('files'))
    } catch (error) {
      problem.value = error as ApiProblem
    } finally {
      loading.value = false
    }
  }

  async function start(channel: string, file: File): Promise<ImportOut> {
    const started = await hub.imports.start(channel, file)
    place(started)
    return started
  }

  async function renew(id: string): Promise<void> {
    place(await hub.imports.get(id))
  }

  async function hear(event: LiveEvent): Promise<void> {
    const id = payloadId(event, 'import_id')
    if (id && event.type.startsWith('import.')) await renew(id).catch(() => undefined)
  }

  async function loadBadRows(id: string): Promise<void> {
    badRows.value = { ...badRows.value, [id]: (await hub.imports.badRows(id)).items }
  }

  function place(item: ImportOut): void {
    const known = items.value.some((each) => each.id === item.id)
    items.value = known ? items.value.map((each) => (each.id === item.id ? newer(each, item) : each)) : [item, ...items.value]
  }

  return { items, channels, badRows, loading, problem, running, load, start, renew, hear, loadBadRows }
})

/** Answers may overtake each other: progress never runs backwards. */
function newer(shown: ImportOut, fresh: ImportOut): ImportOut {
  const rank = (item: ImportOut) => (item.finished_at ? Number.MAX_SAFE_INTEGER : item.done)
  return rank(fresh) >= rank(shown) ? fresh : shown
}
