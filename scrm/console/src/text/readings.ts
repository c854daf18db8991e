/** Claims and reckonings in words. */
import type { ArithmeticOut, ReadingOut } from '@/api/types'
import { signed, yuan } from './money'

type Translate = (key: string, named?: Record<string, unknown>) => string

const SHARES = new Set(['discount_ratio', 'threshold_ratio', 'down_payment_ratio', 'interest_rate', 'yield_rate', 'fee_ratio', 'rebate_ratio'])
const COUNTS = new Set(['instalment_count', 'gift'])

/** `单价 5,980 元/年，约数`: kind, value, unit, and what limits it. */
export function readingText(reading: ReadingOut, t: Translate): string {
  const words = [t(`claimKind.${reading.kind}`), valueText(reading, t)]
  const limits = [
    reading.threshold === null ? '' : t('audit.threshold', { amount: yuan(reading.threshold) }),
    reading.approx && reading.approx !== 'exact' ? t(`claimApprox.${reading.approx}`) : '',
    reading.stance && reading.stance !== 'offer' ? t(`claimStance.${reading.stance}`) : '',
    reading.condition,
  ].filter(Boolean)
  return [words.filter(Boolean).join(' '), ...limits].join('，')
}

function valueText(reading: ReadingOut, t: Translate): string {
  if (reading.value === null) return t('audit.noValue')
  const isShare = SHARES.has(reading.kind)
  const one = (value: string | number) => (isShare ? percent(value) : yuan(value))
  const range = reading.value_max === null ? one(reading.value) : `${one(reading.value)}–${one(reading.value_max)}`
  if (isShare) return range
  if (COUNTS.has(reading.kind)) return reading.unit ? `${range} ${reading.unit}` : range
  return reading.unit ? t('common.perUnit', { amount: range, unit: reading.unit }) : t('common.yuan', { amount: range })
}

/** A figure of a reckoning as people write it: amounts with their sign where it is a difference, shares in per cent. */
export function figureText(figure: ArithmeticOut, t: Translate): string {
  const parts = figure.value.split('–')
  if (figure.name === 'ratio') return parts.map((part) => `${signed(Number(part) * 100, 1)} %`).join(' – ')
  if (figure.name === 'difference') return t('common.yuan', { amount: parts.map((part) => signed(Number(part), 2)).join(' – ') })
  return t('common.yuan', { amount: parts.map((part) => yuan(part)).join('–') })
}

/** 0.853 → 85.3 % */
export function percent(share: number | string, digits = 1): string {
  return `${new Intl.NumberFormat('en-US', { maximumFractionDigits: digits }).format(Number(share) * 100)} %`
}
