/** What the pages say about prices in the same words. */
import type { PromotionOut } from '@/api/types'
import { yuan } from './money'

type Translate = (key: string, values?: Record<string, unknown>) => string

/** `4,980 元` or `8.5 折`. */
export function offer(promotion: PromotionOut, t: Translate): string {
  if (promotion.price !== null) return t('common.yuan', { amount: yuan(promotion.price) })
  return promotion.ratio === null ? '' : t('prices.ratio', { n: foldsOf(promotion.ratio) })
}

export type Phase = 'upcoming' | 'running' | 'over'

export function phaseOf(promotion: { starts_at: string; ends_at: string }, at: number): Phase {
  if (at < Date.parse(promotion.starts_at)) return 'upcoming'
  return at <= Date.parse(promotion.ends_at) ? 'running' : 'over'
}

/** The share to pay as 折: 0.85 is 8.5. */
export function foldsOf(ratio: string | number): string {
  return trimmed(Number(ratio) * 10)
}

/** 8.5 (折) as the share to pay: 0.85. What is no number stays as it is, for the server to refuse. */
export function ratioOf(folds: string): string {
  const number = Number(folds)
  return folds.trim() && Number.isFinite(number) ? trimmed(number / 10) : folds
}

function trimmed(number: number): string {
  return String(Number(number.toFixed(6)))
}
