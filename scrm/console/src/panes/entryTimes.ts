/** The two times of an entry, for a tooltip: when it happened at the source, and when the hub received it. */
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { EntryOut } from '@/api/types'
import { fullTime } from '@/text/time'

export function useEntryTimes(entry: () => EntryOut): ComputedRef<string> {
  const { t, locale } = useI18n()
  return computed(() => {
    const { at, received_at: received } = entry()
    return `${t('timeline.occurred', { when: fullTime(at, locale.value) })}\n${t('timeline.received', { when: fullTime(received, locale.value) })}`
  })
}
