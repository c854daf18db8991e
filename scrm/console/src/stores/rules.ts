/** The rules in force, and dry runs of changes to them. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { DryRun, DryRunFinding, DryRunNew, LiveEvent, RuleOut } from '@/api/types'
import { turns } from '@/turns'
import { payloadId } from './live'

export const useRules = defineStore('rules', () => {
  const items = ref<RuleOut[]>([])
  const runs = ref<DryRun[]>([])
  /** Examples of the run that is looked at. */
  const findings = ref<DryRunFinding[]>([])
  const moreFindings = ref<string | null>(null)
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const latest = turns()

  async function load(withRuns: boolean): Promise<void> {
    loading.value = items.value.length === 0
    problem.value = null
    try {
      const [rules, page] = await Promise.all([hub.rules.list(), withRuns ? hub.rules.runs() : null])
      items.value = rules.items
      if (page) runs.value = page.items
    } catch (error) {
      problem.value = error as ApiProblem
    } finally {
      loading.value = false
    }
  }

  async function start(wanted: DryRunNew): Promise<DryRun> {
    const run = await hub.rules.start(wanted)
    place(run)
    return run
  }

  async function cancel(id: string): Promise<void> {
    await hub.rules.cancel(id)
    await renew(id)
  }

  async function renew(id: string): Promise<void> {
    place(await hub.rules.run(id))
  }

  async function look(id: string, rule: string, change: DryRunFinding['change'], more = false): Promise<void> {
    const isLatest = latest()
    if (!more) findings.value = []
    const page = await hub.rules.findings(id, { rule, change, limit: 20, cursor: more ? (moreFindings.value ?? undefined) : undefined })
    if (!isLatest()) return
    findings.value = more ? [...findings.value, ...page.items] : page.items
    moreFindings.value = page.next ?? null
  }

  async function hear(event: LiveEvent): Promise<void> {
    const id = payloadId(event, 'dry_run_id')
    if (id && event.type.startsWith('dry_run.')) await renew(id).catch(() => undefined)
  }

  function place(run: DryRun): void {
    const known = runs.value.some((each) => each.id === run.id)
    runs.value = known ? runs.value.map((each) => (each.id === run.id ? newer(each, run) : each)) : [run, ...runs.value]
  }

  return { items, runs, findings, moreFindings, loading, problem, load, start, cancel, renew, look, hear }
})

/** Answers may overtake each other: progress never runs backwards. */
function newer(shown: DryRun, fresh: DryRun): DryRun {
  const rank = (run: DryRun) => (run.finished_at ? Number.MAX_SAFE_INTEGER : run.done)
  return rank(fresh) >= rank(shown) ? fresh : shown
}
