/** Webhook endpoints and what was delivered to them. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { DeliveryOut, EndpointEdit, EndpointNew, EndpointOut, EventTypeOut } from '@/api/types'

export interface DeliveryLog {
  items: DeliveryOut[]
  next: string | null
}

const LOOKS = 6
const LOOK_AGAIN_MS = 700

export const useWebhooks = defineStore('webhooks', () => {
  const items = ref<EndpointOut[]>([])
  const eventTypes = ref<EventTypeOut[]>([])
  const logs = ref<Record<string, DeliveryLog>>({})
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)

  async function load(): Promise<void> {
    loading.value = items.value.length === 0
    problem.value = null
    try {
      const [endpoints, types] = await Promise.all([hub.webhooks.list(), hub.webhooks.eventTypes()])
      items.value = endpoints.items
      eventTypes.value = types.items
    } catch (error) {
      problem.value = error as ApiProblem
    } finally {
      loading.value = false
    }
  }

  /** The endpoint with its secret: this answer is the only one that holds it. */
  async function add(endpoint: EndpointNew): Promise<EndpointOut> {
    const added = await hub.webhooks.add(endpoint)
    items.value = [{ ...added, secret: null }, ...items.value]
    return added
  }

  async function edit(id: string, change: EndpointEdit): Promise<void> {
    const edited = await hub.webhooks.edit(id, change)
    items.value = items.value.map((item) => (item.id === id ? edited : item))
  }

  async function remove(id: string): Promise<void> {
    await hub.webhooks.remove(id)
    items.value = items.value.filter((item) => item.id !== id)
  }

  async function test(id: string): Promise<DeliveryOut> {
    const queued = await hub.webhooks.test(id)
    await loadLog(id)
    return (await settled(id, queued.id)) ?? queued
  }

  /** The delivery once it is no longer waiting for its first attempt; null when that takes longer than a person waits. */
  async function settled(id: string, deliveryId: string): Promise<DeliveryOut | null> {
    for (let look = 0; look < LOOKS; look++) {
      const delivery = logs.value[id]?.items.find((each) => each.id === deliveryId)
      if (delivery && (delivery.state !== 'waiting' || delivery.attempts > 0)) return delivery
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      await loadLog(id)
    }
    return null
  }

  async function loadLog(id: string): Promise<void> {
    const page = await hub.webhooks.deliveries(id)
    logs.value = { ...logs.value, [id]: { items: page.items, next: page.next ?? null } }
  }

  async function moreOfLog(id: string): Promise<void> {
    const log = logs.value[id]
    if (!log?.next) return
    const page = await hub.webhooks.deliveries(id, log.next)
    logs.value = { ...logs.value, [id]: { items: [...log.items, ...page.items], next: page.next ?? null } }
  }

  async function replay(endpointId: string, deliveryId: string): Promise<void> {
    await hub.webhooks.replay(deliveryId)
    await loadLog(endpointId)
  }

  return { items, eventTypes, logs, loading, problem, load, add, edit, remove, test, loadLog, moreOfLog, replay }
})
