/** The audit log, newest first, and whether it can be relied on. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { AuditEntry, AuditFilter, AuditState } from '@/api/types'
import { turns } from '@/turns'

export const useAuditLog = defineStore('auditLog', () => {
  const entries = ref<AuditEntry[]>([])
  const next = ref<string | null>(null)
  const state = ref<AuditState | null>(null)
  const filter = ref<AuditFilter>({})
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const latest = turns()

  async function load(wanted: AuditFilter = filter.value): Promise<void> {
    const isLatest = latest()
    filter.value = wanted
    loading.value = true
    problem.value = null
    try {
      const [page, standing] = await Promise.all([hub.audit.list(wanted), hub.audit.state()])
      if (!isLatest()) return
      entries.value = page.items
      next.value = page.next ?? null
      state.value = standing
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  async function more(): Promise<void> {
    if (!next.value || loading.value) return
    const isLatest = latest()
    const page = await hub.audit.list({ ...filter.value, cursor: next.value })
    if (!isLatest()) return
    entries.value = [...entries.value, ...page.items]
    next.value = page.next ?? null
  }

  return { entries, next, state, filter, loading, problem, load, more }
})
