/** Who is signed in, and what they may do. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { ApiProblem, surround } from '@/api/client'
import * as hub from '@/api/hub'
import type { Permission, SessionOut, UserOut } from '@/api/types'

export const useSession = defineStore('session', () => {
  const user = ref<UserOut | null>(null)
  const known = ref(false)
  const permissions = computed(() => new Set(user.value?.permissions ?? []))

  function can(permission: Permission): boolean {
    return permissions.value.has(permission)
  }

  /** Asks the server once whether the cookie still stands for somebody. */
  async function restore(): Promise<void> {
    if (known.value) return
    try {
      take(await hub.session.current())
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401) throw error
      leave()
    }
    known.value = true
  }

  async function signIn(login: string, password: string): Promise<void> {
    take(await hub.session.signIn(login, password))
    known.value = true
  }

  async function signOut(): Promise<void> {
    await hub.session.signOut()
    leave()
  }

  /** Forgets the user: the session has ended. */
  function leave(): void {
    user.value = null
    surround({ csrf: '' })
  }

  function take(session: SessionOut): void {
    user.value = session.user
    surround({ csrf: session.csrf })
  }

  /** Where this person's work begins. */
  const home = computed(() => {
    if (can('customers.reply') || !user.value) return '/'
    if (can('cases.judge')) return '/audit'
    return can('customers.read') ? '/' : '/settings'
  })

  return { user, known, home, can, restore, signIn, signOut, leave }
})
