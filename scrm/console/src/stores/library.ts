/** The script library, to read. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { ScriptOut } from '@/api/types'
import { turns } from '@/turns'

export const useLibrary = defineStore('library', () => {
  const scripts = ref<ScriptOut[]>([])
  const nextScripts = ref<string | null>(null)
  const query = ref('')
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)
  const latest = turns()

  function findScripts(words: string): Promise<void> {
    query.value = words
    return read(async (isLatest) => {
      const page = await hub.library.scripts(words.trim())
      if (!isLatest()) return
      scripts.value = page.items
      nextScripts.value = page.next ?? null
    })
  }

  function moreScripts(): Promise<void> {
    return read(async (isLatest) => {
      const page = await hub.library.scripts(query.value.trim(), nextScripts.value ?? undefined)
      if (!isLatest()) return
      scripts.value = [...scripts.value, ...page.items]
      nextScripts.value = page.next ?? null
    })
  }

  async function read(run: (isLatest: () => boolean) => Promise<void>): Promise<void> {
    const isLatest = latest()
    loading.value = true
    problem.value = null
    try {
      await run(isLatest)
    } catch (error) {
      if (isLatest()) problem.value = error as ApiProblem
    } finally {
      if (isLatest()) loading.value = false
    }
  }

  return { scripts, nextScripts, query, loading, problem, findScripts, moreScripts }
})
