/** Channels, their health, and the tasks that gave up. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { ChannelOut, DeadTaskOut, FiguresOut } from '@/api/types'

export const useChannels = defineStore('channels', () => {
  const items = ref<ChannelOut[]>([])
  const deadTasks = ref<DeadTaskOut[]>([])
  const figures = ref<FiguresOut | null>(null)
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)

  /** Reads channels and figures; dead tasks only for those who may replay them. */
  async function load(withTasks: boolean): Promise<void> {
    loading.value = items.value.length === 0
    problem.value = null
    try {
      const [channels, tasks, counted] = await Promise.all([
        hub.channels.list(),
        withTasks ? hub.channels.deadTasks() : null,
        hub.channels.figures().catch(() => null),
      ])
      items.value = channels.items
      deadTasks.value = tasks?.items ?? []
      figures.value = counted
    } catch (error) {
      problem.value = error as ApiProblem
    } finally {
      loading.value = false
    }
  }

  /** Gives how many parked happenings were read again. */
  async function replayParked(name: string): Promise<number> {
    const result = await hub.channels.replayParked(name)
    await load(true)
    return result.replayed
  }

  async function replayTask(id: string): Promise<void> {
    await hub.channels.replayTask(id)
    deadTasks.value = deadTasks.value.filter((task) => task.id !== id)
  }

  return { items, deadTasks, figures, loading, problem, load, replayParked, replayTask }
})
