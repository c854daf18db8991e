/** What stands in the audit log, in the reader's words. Only the auditors' pages need these texts: they are no part of the first load. */
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { AuditEntry } from '@/api/types'
import en from '@/locales/log/en.json'
import zhCN from '@/locales/log/zh-CN.json'
import { dateTime } from './time'

type Words = Record<string, string>

const LONG = 24
/** Keys whose value is named elsewhere in the console, and where. */
const NAMED: Record<string, readonly string[]> = {
  severity: ['severity'],
  verdict: ['audit'],
  remedy: ['audit.remedyKind'],
  reason: ['audit'],
  role: ['role', 'household.role'],
}

export interface LogWords {
  actions: ComputedRef<string[]>
  objects: ComputedRef<string[]>
  action: (name: string) => string
  object: (name: string) => string
  word: (name: keyof typeof zhCN.word) => string
  /** The payload in short: names and values a person can read, long digests cut. */
  content: (payload: AuditEntry['payload']) => { name: string; value: string }[]
}

export function useLogWords(): LogWords {
  const { t, te, locale } = useI18n()
  const texts = computed(() => (locale.value === 'en' ? en : zhCN))
  const named = (names: Words, name: string) => names[name] ?? name

  function value(key: string, given: unknown): string {
    const word = texts.value.word
    if (typeof given === 'boolean') return given ? word.yes : word.no
    if (Array.isArray(given)) return given.every((one) => typeof one !== 'object') && given.length <= 3 ? given.map((one) => value(key, one)).join(word.list) : `${given.length} ${word.items}`
    if (typeof given === 'object' && given !== null) return `${Object.keys(given).length} ${word.items}`
    const text = String(given)
    if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return dateTime(text, locale.value)
    const place = NAMED[key]?.find((each) => te(`${each}.${text}`))
    if (place) return t(`${place}.${text}`)
    return text.length > LONG && !/\s|[\u4e00-\u9fff]/.test(text) && !text.includes('://') ? `${text.slice(0, 10)}…` : text
  }

  return {
    actions: computed(() => Object.keys(texts.value.action)),
    objects: computed(() => Object.keys(texts.value.object)),
    action: (name) => named(texts.value.action, name),
    object: (name) => named(texts.value.object, name),
    word: (name) => texts.value.word[name],
    content: (payload) =>
      Object.entries(payload ?? {})
        .filter(([, given]) => given !== null && given !== '' && !(Array.isArray(given) && given.length === 0))
        .map(([key, given]) => ({ name: named(texts.value.key, key), value: value(key, given) })),
  }
}
