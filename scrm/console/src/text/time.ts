/** Times as people read them, in the language and zone of the browser. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** 刚刚, 5分钟前, 14:20 (today), 昨天, 周三, 11月3日. Short enough for a list. */
export function listTime(iso: string, now: Date, locale: string): string {
  const at = new Date(iso)
  const age = now.getTime() - at.getTime()
  const zh = locale.startsWith('zh')
  if (age < MINUTE && age > -MINUTE) return zh ? '刚刚' : 'now'
  if (age < HOUR && age > 0) return zh ? `${Math.floor(age / MINUTE)}分钟前` : `${Math.floor(age / MINUTE)} min`
  const days = daysBetween(at, now)
  if (days === 0) return clock(iso, locale)
  if (days === 1) return zh ? '昨天' : 'Yesterday'
  if (days > 1 && days < 7) return dateFormat(locale, { weekday: 'short' }).format(at)
  return shortDate(at, now, locale)
}

/** 14:20 */
export function clock(iso: string, locale: string): string {
  return dateFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(iso))
}

/** The heading of a day in a timeline: 今天, 昨天, 11月3日 星期二. */
export function dayLabel(iso: string, now: Date, locale: string): string {
  const at = new Date(iso)
  const days = daysBetween(at, now)
  const zh = locale.startsWith('zh')
  if (days === 0) return zh ? '今天' : 'Today'
  if (days === 1) return zh ? '昨天' : 'Yesterday'
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return dateFormat(locale, { year, month: 'long', day: 'numeric', weekday: 'long' }).format(at)
}

/** 2026-11-20, for a date field: the local day. */
export function localDay(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}

/** A key that is the same for two moments of one local day. */
export function dayKey(iso: string): string {
  const at = new Date(iso)
  return `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`
}

/** 2026年11月20日 14:20:05 GMT+8: what stands in evidence. */
export function fullTime(iso: string, locale: string): string {
  const at = new Date(iso)
  const date = dateFormat(locale, { year: 'numeric', month: 'short', day: 'numeric' }).format(at)
  const time = dateFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(at)
  const zone = dateFormat(locale, { timeZoneName: 'short' }).formatToParts(at).find((part) => part.type === 'timeZoneName')
  return [date, time, zone?.value ?? ''].join(' ').trim()
}

/** 11月20日 14:20: for lists that are not live. */
export function dateTime(iso: string, locale: string, now = new Date()): string {
  const at = new Date(iso)
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return dateFormat(locale, {
    year,
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(at)
}

/** 11月30日: a date without a time. */
export function dateOnly(iso: string, locale: string, now = new Date()): string {
  return shortDate(new Date(iso), now, locale)
}

/** 3分钟, 2小时, 5天: how old, in one unit. */
export function age(iso: string, now: Date, locale: string): string {
  return duration(Math.max(0, now.getTime() - new Date(iso).getTime()) / 1000, locale)
}

/** Seconds as one unit, rounded down; less than one second says so. */
export function duration(seconds: number, locale: string): string {
  if (seconds > 0 && seconds < 1) return `< ${duration(1, locale)}`
  const [value, unit] = seconds < 60 ? [seconds, 'second'] : seconds < 3600 ? [seconds / 60, 'minute'] : seconds < 86_400 ? [seconds / 3600, 'hour'] : [seconds / 86_400, 'day']
  return numberFormat(locale, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 0 }).format(
    Math.floor(value as number),
  )
}

/** 3:05 minutes of a call. */
export function talkTime(seconds: number): string {
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}:${rest}`
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`
}

function shortDate(at: Date, now: Date, locale: string): string {
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return dateFormat(locale, { year, month: 'short', day: 'numeric' }).format(at)
}

function daysBetween(earlier: Date, later: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
  return Math.round((midnight(later) - midnight(earlier)) / DAY)
}

/** Making a formatter costs a thousand times what using it does; a long timeline needs the same few again and again. */
const made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>()

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept(`date ${locale} ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options))
}

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(`number ${locale} ${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options))
}

function kept<Format extends Intl.DateTimeFormat | Intl.NumberFormat>(key: string, make: () => Format): Format {
  const found = made.get(key)
  if (found) return found as Format
  const format = make()
  made.set(key, format)
  return format
}
