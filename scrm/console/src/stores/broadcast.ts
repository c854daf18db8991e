/** A text for many: what is found in it, and whom it would contradict, looked at part by part. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { AffectedCustomer, BroadcastCheck, FindingOut } from '@/api/types'
import { turns } from '@/turns'

const SHOWN = 50

export const useBroadcast = defineStore('broadcast', () => {
  const findings = ref<FindingOut[]>([])
  const customers = ref<AffectedCustomer[]>([])
  const total = ref(0)
  const lookedAt = ref(0)
  const affected = ref(0)
  /** The wording the findings are about; null before the first check. */
  const checkedText = ref<string | null>(null)
  const checking = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const latest = turns()

  async function check(text: string, audience: BroadcastCheck['audience']): Promise<void> {
    const isLatest = latest()
    checking.value = true
    problem.value = null
    checkedText.value = null
    customers.value = []
    lookedAt.value = affected.value = total.value = 0
    try {
      let cursor: string | null = null
      do {
        const limit: number = Math.max(0, SHOWN - customers.value.length)
        const part = await hub.broadcasts.check({ text, audience, limit, cursor })
        if (!isLatest()) return
        findings.value = part.findings
        customers.value = [...customers.value, ...part.customers]
        total.value = part.total
        lookedAt.value += part.looked_at
        affected.value += part.affected
        checkedText.value = text
        cursor = part.next
      } while (cursor)
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) checking.value = false
    }
  }

  return { findings, customers, total, lookedAt, affected, checkedText, checking, problem, check }
})
