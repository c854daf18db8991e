/** Amounts in yuan, as decimal strings. */
import type { Money } from '@/api/types'

/** `4980.00` → `4,980`; `99.5` → `99.5`. What is no number comes back unchanged. */
export function yuan(value: Money | null | undefined): string {
  if (value == null || value === '') return ''
  const amount = Number(value)
  if (!Number.isFinite(amount)) return String(value)
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 }).format(amount)
}

/** `+700` or `−700`: with a true minus sign. */
export function signed(value: number, digits = 0): string {
  const shown = new Intl.NumberFormat('en-US', { maximumFractionDigits: digits }).format(Math.abs(value))
  return `${value < 0 ? '−' : '+'}${shown}`
}
