/** The draft to the open customer: kept per customer, checked while it is typed, sent once. */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ApiProblem } from '@/api/client'
import * as hub from '@/api/hub'
import type { FindingOut, ReplyChannelOut, SuggestionOut } from '@/api/types'
import { recall, remember } from '@/keep'
import { debounced, throttled, turns } from '@/turns'
import { useOpenCustomer } from './openCustomer'
import { useSession } from './session'
import { useTimeline } from './timeline'

const CHECK_AFTER_MS = 400
const TYPING_EVERY_MS = 3000

export const useDrafts = defineStore('drafts', () => {
  const open = useOpenCustomer()
  const timeline = useTimeline()
  const session = useSession()

  const customerId = ref<string | null>(null)
  const text = ref('')
  const scriptId = ref<string | null>(null)
  const channelName = ref<string | null>(null)
  const suggestions = ref<SuggestionOut[]>([])
  const loadingSuggestions = ref(false)
  const findings = ref<FindingOut[]>([])
  const checking = ref(false)
  /** The wording the findings are about: they hide as soon as it changes. */
  const checkedText = ref('')
  const sending = ref(false)
  /** Rules whose findings were shown for this draft: what became of them is kept with the reply. */
  const shownRules = ref(new Set<string>())
  const problem = ref<ApiProblem | null>(null)
  const acknowledging = ref(false)
  const reason = ref('')
  /** What stood in the box before a suggestion took its place. */
  const replaced = ref<{ text: string; scriptId: string | null } | null>(null)
  const latestCheck = turns()
  const latestSuggestions = turns()

  const channels = computed<ReplyChannelOut[]>(() => open.detail?.reply_channels ?? [])
  const channel = computed<ReplyChannelOut | null>(
    () =>
      channels.value.find((each) => each.channel === channelName.value) ??
      channels.value.find((each) => each.open) ??
      null,
  )
  const blocking = computed(() => findings.value.some((finding) => finding.blocking))
  const ready = computed(() => text.value.trim() !== '' && channel.value?.open === true && !sending.value)

  function start(id: string): void {
    if (customerId.value === id) return
    customerId.value = id
    text.value = recall(`draft.${id}`) ?? ''
    scriptId.value = null
    channelName.value = null
    suggestions.value = []
    forget()
    if (text.value) check()
    void suggest()
  }

  function forget(): void {
    latestCheck()
    findings.value = []
    shownRules.value = new Set()
    checkedText.value = ''
    checking.value = false
    problem.value = null
    acknowledging.value = false
    reason.value = ''
    replaced.value = null
  }

  function write(words: string): void {
    text.value = words
    problem.value = null
    replaced.value = null
    if (customerId.value) remember(`draft.${customerId.value}`, words || null)
    if (!words.trim()) {
      scriptId.value = null
      check.cancel()
      forget()
      return
    }
    tellTyping()
    check()
  }

  /** Puts a suggestion into the box; what stood there can be brought back. */
  function take(suggestion: SuggestionOut): void {
    const before = text.value.trim() && text.value !== suggestion.text ? { text: text.value, scriptId: scriptId.value } : null
    write(suggestion.text)
    scriptId.value = suggestion.script_id
    acknowledging.value = false
    replaced.value = before
  }

  function bringBack(): void {
    const before = replaced.value
    if (!before) return
    write(before.text)
    scriptId.value = before.scriptId
  }

  const tellTyping = throttled(() => {
    if (customerId.value) void hub.customers.typing(customerId.value).catch(() => undefined)
  }, TYPING_EVERY_MS)

  const check = debounced(() => void checkNow(), CHECK_AFTER_MS)

  async function checkNow(): Promise<void> {
    const id = customerId.value
    const words = text.value
    if (!id || !words.trim()) return
    const isLatest = latestCheck()
    checking.value = true
    try {
      const answer = await hub.customers.checkDraft(id, words, channel.value?.channel ?? null)
      if (!isLatest() || customerId.value !== id) return
      findings.value = answer.findings
      for (const finding of answer.findings) shownRules.value.add(finding.rule)
      checkedText.value = words
      if (!blocking.value) acknowledging.value = false
    } catch {
      // The server checks again when the message is sent; nothing is lost.
    } finally {
      if (isLatest()) checking.value = false
    }
  }

  /** Sends the draft. True when it is on its way; false when something must be settled first. */
  async function send(): Promise<boolean> {
    const id = customerId.value
    if (!id || !ready.value) return false
    if (blocking.value && checkedText.value === text.value && !(acknowledging.value && reason.value.trim())) {
      return false
    }
    const message = {
      text: text.value.trim(),
      channel: channel.value?.channel ?? null,
      script_id: scriptId.value,
      acknowledged_reason: acknowledging.value ? reason.value.trim() || null : null,
      shown_rules: [...shownRules.value],
    }
    sending.value = true
    const kept = { text: text.value, reason: reason.value, scriptId: scriptId.value, acknowledging: acknowledging.value, shown: message.shown_rules }
    write('')
    try {
      await timeline.send(message, channel.value, session.user?.name ?? '')
      void open.renew()
      return true
    } catch (error) {
      restore(id, kept, error as ApiProblem)
      return false
    } finally {
      sending.value = false
    }
  }

  function restore(id: string, kept: { text: string; reason: string; scriptId: string | null; acknowledging: boolean; shown: string[] }, refused: ApiProblem): void {
    remember(`draft.${id}`, kept.text)
    if (customerId.value !== id) return
    text.value = kept.text
    scriptId.value = kept.scriptId
    reason.value = kept.reason
    acknowledging.value = kept.acknowledging
    findings.value = refused.findings
    shownRules.value = new Set([...kept.shown, ...refused.findings.map((finding) => finding.rule)])
    checkedText.value = kept.text
    problem.value = refused.findings.length ? null : refused
  }

  async function suggest(): Promise<void> {
    const id = customerId.value
    if (!id || !session.can('customers.reply')) return
    const isLatest = latestSuggestions()
    loadingSuggestions.value = suggestions.value.length === 0
    try {
      const page = await hub.customers.suggestions(id)
      if (isLatest() && customerId.value === id) suggestions.value = page.items
    } catch {
      if (isLatest()) suggestions.value = []
    } finally {
      if (isLatest()) loadingSuggestions.value = false
    }
  }

  function choose(name: string): void {
    channelName.value = name
    if (text.value.trim()) check()
  }

  return {
    customerId, text, scriptId, channel, channels, suggestions, loadingSuggestions, findings, checking, checkedText, sending, problem,
    acknowledging, reason, replaced, blocking, ready, start, write, take, bringBack, checkNow, send, suggest, choose,
  }
})
