/** The figures of the auditors' work over a span of days. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { CaseFigures } from '@/api/types'
import { turns } from '@/turns'

export const useAuditFigures = defineStore('auditFigures', () => {
  const figures = ref<CaseFigures | null>(null)
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const latest = turns()

  /** Days as `2026-11-23`, both included; without them the server's last thirty. */
  async function load(from?: string, to?: string): Promise<void> {
    const isLatest = latest()
    loading.value = true
    problem.value = null
    try {
      const fresh = await hub.cases.figures({ from, to })
      if (isLatest()) figures.value = fresh
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  return { figures, loading, problem, load }
})
