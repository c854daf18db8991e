/** Users and API tokens. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { TokenNew, TokenOut, UserNew, UserOut } from '@/api/types'

export const useAccounts = defineStore('accounts', () => {
  const users = ref<UserOut[]>([])
  const tokens = ref<TokenOut[]>([])
  const loading = ref(false)
  const problem = ref<ApiProblem | null>(null)

  async function load(withUsers: boolean, withTokens: boolean): Promise<void> {
    loading.value = users.value.length === 0 && tokens.value.length === 0
    problem.value = null
    try {
      const [people, keys] = await Promise.all([
        withUsers ? hub.accounts.users() : null,
        withTokens ? hub.accounts.tokens() : null,
      ])
      users.value = people?.items ?? []
      tokens.value = keys?.items ?? []
    } catch (error) {
      problem.value = error as ApiProblem
    } finally {
      loading.value = false
    }
  }

  async function addUser(user: UserNew): Promise<void> {
    users.value = [...users.value, await hub.accounts.addUser(user)]
  }

  /** The token with its secret: this answer is the only one that holds it. */
  async function addToken(token: TokenNew): Promise<TokenOut> {
    const added = await hub.accounts.addToken(token)
    tokens.value = [{ ...added, secret: null }, ...tokens.value]
    return added
  }

  async function revokeToken(id: string): Promise<void> {
    await hub.accounts.revokeToken(id)
    tokens.value = tokens.value.filter((token) => token.id !== id)
  }

  return { users, tokens, loading, problem, load, addUser, addToken, revokeToken }
})
