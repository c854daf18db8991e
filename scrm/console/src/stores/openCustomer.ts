/** The customer whose timeline is open: who they are, how they may be answered, what they were told. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { CustomerDetail, HouseholdJoin, MemberRole, MergeOut } from '@/api/types'
import { turns } from '@/turns'

const TYPING_SHOWN_MS = 6000

export const useOpenCustomer = defineStore('openCustomer', () => {
  const id = ref<string | null>(null)
  const detail = ref<CustomerDetail | null>(null)
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)
  /** Unmasked phone numbers by identity; each look was logged by the server. */
  const phones = ref<Record<string, string>>({})
  const typing = ref(false)
  const latest = turns()
  let typingEnds: ReturnType<typeof setTimeout> | undefined

  const undoable = computed<MergeOut[]>(() => (detail.value?.merges ?? []).filter((merge) => !merge.undone_at))

  async function open(customerId: string): Promise<void> {
    if (id.value !== customerId) {
      id.value = customerId
      detail.value = null
      phones.value = {}
      typing.value = false
    }
    await renew()
  }

  function close(): void {
    latest()
    id.value = null
    detail.value = null
    problem.value = null
  }

  async function renew(): Promise<void> {
    if (!id.value) return
    const isLatest = latest()
    loading.value = detail.value === null
    problem.value = null
    try {
      const fresh = await hub.customers.get(id.value)
      if (isLatest()) detail.value = fresh
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function reveal(identityId: string): Promise<void> {
    if (!id.value) return
    const phone = await hub.customers.revealPhone(id.value, identityId)
    phones.value = { ...phones.value, [identityId]: phone.value }
  }

  async function rename(name: string): Promise<void> {
    if (id.value) detail.value = await hub.customers.rename(id.value, name)
  }

  /** Joins another customer into this one; gives the id that stays. */
  async function merge(otherId: string, reason: string): Promise<string> {
    if (!id.value) throw new Error('no customer is open')
    const result = await hub.customers.merge(id.value, otherId, reason)
    return result.customer_id
  }

  async function undo(mergeId: string): Promise<void> {
    await hub.customers.undoMerge(mergeId)
    await renew()
  }

  async function joinHousehold(joining: HouseholdJoin): Promise<void> {
    if (!id.value) return
    await hub.customers.joinHousehold(id.value, joining)
    await renew()
  }

  async function changeRole(memberId: string, role: MemberRole): Promise<void> {
    await hub.customers.changeRole(memberId, role)
    await renew()
  }

  async function leaveHousehold(memberId: string): Promise<void> {
    await hub.customers.leaveHousehold(memberId)
    await renew()
  }

  async function nameHousehold(householdId: string, name: string): Promise<void> {
    await hub.customers.nameHousehold(householdId, name)
    await renew()
  }

  function showTyping(): void {
    typing.value = true
    clearTimeout(typingEnds)
    typingEnds = setTimeout(() => (typing.value = false), TYPING_SHOWN_MS)
  }

  function hideTyping(): void {
    typing.value = false
  }

  return { id, detail, loading, problem, phones, typing, undoable, open, close, renew, reveal, rename, merge, undo, joinHousehold, changeRole, leaveHousehold, nameHousehold, showTyping, hideTyping }
})
