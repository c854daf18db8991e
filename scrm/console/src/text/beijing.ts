/** Times of the price book: China's, whatever zone the browser is in. */

const OFFSET_MS = 8 * 3_600_000

/** `2026-06-18T20:00`, as a field for date and time has it. */
export function beijingField(iso: string | null | undefined): string {
  if (!iso) return ''
  return new Date(Date.parse(iso) + OFFSET_MS).toISOString().slice(0, 16)
}

/** The moment a field says; the last second of its minute where the end of something is meant. Null when empty. */
export function fromBeijing(field: string, end = false): string | null {
  if (!field) return null
  return new Date(`${field}:${end ? '59' : '00'}+08:00`).toISOString()
}

/** The same moment as before when the field still says it, seconds and all. */
export function keptOr(field: string, before: string | null | undefined, end = false): string | null {
  return before && beijingField(before) === field ? before : fromBeijing(field, end)
}

/** 2026年6月18日 20:00, in China. */
export function beijingTime(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: 'Asia/Shanghai', year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(iso))
}

/** 2026年6月18日, in China. */
export function beijingDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: 'Asia/Shanghai', year: 'numeric', month: 'short', day: 'numeric' }).format(new Date(iso))
}
