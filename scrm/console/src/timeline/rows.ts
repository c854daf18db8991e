/** From entries to the rows of a timeline: day separators, and bubbles that belong together. */
import type { EntryOut } from '@/api/types'
import { dayKey } from '@/text/time'

export interface DayRow {
  type: 'day'
  key: string
  at: string
}

export interface EntryRow {
  type: 'entry'
  key: string
  entry: EntryOut
  /** Said by the same person on the same channel within minutes of the row above: needs no second heading. */
  follows: boolean
}

const TOGETHER_MS = 5 * 60_000

/** `entries` are oldest first. */
export function timelineRows(entries: readonly EntryOut[]): (DayRow | EntryRow)[] {
  const rows: (DayRow | EntryRow)[] = []
  let above: EntryOut | null = null
  for (const entry of entries) {
    const day = dayKey(entry.at)
    if (!above || dayKey(above.at) !== day) {
      rows.push({ type: 'day', key: `day-${day}-${entry.id}`, at: entry.at })
      above = null
    }
    rows.push({ type: 'entry', key: entry.id, entry, follows: above !== null && belongsTo(above, entry) })
    above = entry
  }
  return rows
}

function belongsTo(above: EntryOut, entry: EntryOut): boolean {
  return (
    isBubble(above) &&
    isBubble(entry) &&
    above.direction === entry.direction &&
    above.speaker === entry.speaker &&
    above.channel === entry.channel &&
    above.actor === entry.actor &&
    Date.parse(entry.at) - Date.parse(above.at) < TOGETHER_MS
  )
}

function isBubble(entry: EntryOut): boolean {
  return entry.kind === 'message' && entry.state !== 'recalled'
}

/** Places an entry by its source time, or renews it where it already stands. Gives a new list. */
export function placed(entries: readonly EntryOut[], entry: EntryOut): EntryOut[] {
  const others = entries.filter((each) => each.id !== entry.id)
  const before = others.findLastIndex((each) => order(each, entry) <= 0)
  return [...others.slice(0, before + 1), entry, ...others.slice(before + 1)]
}

/** An older page in front of what is there, each entry once. */
export function joined(older: readonly EntryOut[], entries: readonly EntryOut[]): EntryOut[] {
  const present = new Set(entries.map((entry) => entry.id))
  return [...older.filter((entry) => !present.has(entry.id)), ...entries]
}

function order(one: EntryOut, other: EntryOut): number {
  return Date.parse(one.at) - Date.parse(other.at)
}
