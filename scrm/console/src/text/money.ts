/** Amounts in yuan, as decimal strings. */
import type { Money } from '@/api/types'

/** `4980.00` → `4,980`; `99.5` → `99.5`. What is no number comes back unchanged. */
export function yuan(value: Money | null | undefined): string {
  if (value == null || value === '') return ''
  const amount = Number(value)
  if (!Number.isFinite(amount)) return String(value)
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 }).format(amount)
}

/** The only Arabic amount in a phrase such as `5,680 元`, null when there is none or more than one. */
export function amountIn(phrase: string | null): number | null {
  if (!phrase) return null
  const found = phrase.match(/\d[\d,，]*(?:\.\d+)?(?:\s*[万千kKwW])?/g) ?? []
  const only = found[0]
  if (found.length !== 1 || only === undefined) return null
  const factor = /万|w/i.test(only) ? 10_000 : /千|k/i.test(only) ? 1_000 : 1
  const amount = Number(only.replace(/[^\d.]/g, ''))
  return Number.isFinite(amount) ? amount * factor : null
}

export interface Difference {
  amount: number
  /** Of the earlier amount, in per cent. */
  percent: number
}

/** How much more (or less) was said later. Null when either amount is unknown. */
export function difference(said: number | null, earlier: number | null): Difference | null {
  if (said === null || earlier === null || earlier === 0) return null
  return { amount: said - earlier, percent: ((said - earlier) / earlier) * 100 }
}

/** `+700` or `−700`: with a true minus sign. */
export function signed(value: number, digits = 0): string {
  const shown = new Intl.NumberFormat('en-US', { maximumFractionDigits: digits }).format(Math.abs(value))
  return `${value < 0 ? '−' : '+'}${shown}`
}
