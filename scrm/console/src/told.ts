/** Telling people, in a short notice, what went well or wrong. */
import { ElMessage } from 'element-plus'
import { ApiProblem } from './api/client'
import { i18n } from './locales'

export function tellDone(text: string): void {
  ElMessage({ message: text, type: 'success', placement: 'bottom', grouping: true, duration: 2400 })
}

export function tellProblem(error: unknown): void {
  ElMessage({ message: reasonOf(error), type: 'error', placement: 'bottom', grouping: true, duration: 5000, showClose: true })
}

/** What went wrong, in words a person can act on. */
export function reasonOf(error: unknown): string {
  const { t } = i18n.global
  if (!(error instanceof ApiProblem)) return t('problem.generic', { reason: error instanceof Error ? error.message : String(error) })
  if (error.offline) return t('problem.offline')
  if (error.status === 401) return t('problem.sessionEnded')
  if (error.status >= 500) return t('problem.server', { reason: error.message })
  return error.message || (error.status === 403 ? t('problem.forbidden') : t('problem.generic', { reason: error.title }))
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    tellDone(i18n.global.t('common.copied'))
  } catch (error) {
    tellProblem(error)
  }
}
