/** Cutting text at spans. The server counts code points, JavaScript counts UTF-16 units; this is where the two meet. */

export interface Mark {
  start: number
  end: number
  /** What the span is: a class name of the rendered text. */
  kind: 'finding' | 'claim' | 'tag'
  /** Tells several marks of one kind apart, e.g. which tag. */
  key?: string
}

export interface Segment {
  text: string
  marks: Mark[]
}

/** The text in order, cut where a mark begins or ends. Marks outside the text or without length are left out. */
export function segments(text: string, marks: readonly Mark[]): Segment[] {
  const points = Array.from(text)
  const valid = marks
    .map((mark) => ({ ...mark, start: Math.max(0, mark.start), end: Math.min(points.length, mark.end) }))
    .filter((mark) => mark.start < mark.end)
  const cuts = [...new Set([0, points.length, ...valid.flatMap((mark) => [mark.start, mark.end])])].sort((a, b) => a - b)
  const result: Segment[] = []
  for (const [index, from] of cuts.entries()) {
    const to = cuts[index + 1]
    if (to === undefined) break
    result.push({
      text: points.slice(from, to).join(''),
      marks: valid.filter((mark) => mark.start <= from && to <= mark.end),
    })
  }
  return result
}

/** The words of a span, null when there is none. */
export function spanText(text: string, start: number | null | undefined, end: number | null | undefined): string | null {
  if (start == null || end == null || end <= start) return null
  return Array.from(text).slice(start, end).join('') || null
}

export interface Excerpt {
  text: string
  start: number
  end: number
}

/** The span with up to `around` code points on either side; its offsets are those in the excerpt. */
export function excerpt(text: string, start: number, end: number, around = 14): Excerpt {
  const points = Array.from(text)
  const from = Math.max(0, start - around)
  const to = Math.min(points.length, end + around)
  const lead = from > 0 ? '…' : ''
  const tail = to < points.length ? '…' : ''
  const body = points.slice(from, to).join('').replaceAll('\n', ' ')
  return { text: lead + body + tail, start: start - from + lead.length, end: end - from + lead.length }
}
