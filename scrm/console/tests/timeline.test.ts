import { describe, expect, it } from 'vitest'
import type { EntryOut } from '@/api/types'
import { mediaLink } from '@/timeline/bodies'
import { distinctTags } from '@/timeline/marks'
import { joined, placed, timelineRows } from '@/timeline/rows'

function entry(id: string, at: string, change: Partial<EntryOut> = {}): EntryOut {
  return {
    id, customer_id: 'c', channel: 'kf', channel_kind: 'wecom_kf', channel_label: '微信客服', thread: 't', kind: 'message', direction: 'inbound',
    speaker: 'customer', actor: '', actor_name: '', at, received_at: at, text: id, body: {}, state: 'received', state_reason: '', tags: [], claims: [],
    versions: [], findings: [], ...change,
  }
}

const noon = (minute: number) => new Date(2026, 10, 23, 12, minute).toISOString()

describe('timeline rows', () => {
  it('begin each local day with a separator', () => {
    const rows = timelineRows([entry('a', new Date(2026, 10, 22, 23, 59).toISOString()), entry('b', new Date(2026, 10, 23, 0, 1).toISOString())])

    expect(rows.map((row) => row.type)).toEqual(['day', 'entry', 'day', 'entry'])
  })

  it('join bubbles of one speaker on one channel within five minutes', () => {
    const rows = timelineRows([entry('a', noon(0)), entry('b', noon(3)), entry('c', noon(9)), entry('d', noon(10), { channel: 'web' })])

    expect(rows.filter((row) => row.type === 'entry').map((row) => row.follows)).toEqual([false, true, false, false])
  })

  it('do not join a bubble to a recalled message', () => {
    const rows = timelineRows([entry('a', noon(0), { state: 'recalled' }), entry('b', noon(1))])

    expect(rows.filter((row) => row.type === 'entry').map((row) => row.follows)).toEqual([false, false])
  })
})

describe('entries', () => {
  it('that arrive late take the place of their source time', () => {
    const list = placed([entry('a', noon(0)), entry('c', noon(10))], entry('b', noon(5)))

    expect(list.map((each) => each.id)).toEqual(['a', 'b', 'c'])
  })

  it('that change stay where they are, once', () => {
    const list = placed([entry('a', noon(0)), entry('b', noon(5))], entry('a', noon(0), { text: '改过' }))

    expect(list.map((each) => each.text)).toEqual(['改过', 'b'])
  })

  it('of an overlapping older page appear once', () => {
    const list = joined([entry('a', noon(0)), entry('b', noon(1))], [entry('b', noon(1)), entry('c', noon(2))])

    expect(list.map((each) => each.id)).toEqual(['a', 'b', 'c'])
  })

  it('show a tag once, however many spans have earned it', () => {
    const tag = (name: string, start: number) => ({ tag: name, name, kind: 'intent' as const, start, end: start + 1, score: 1, rule: '', version: '1' })

    expect(distinctTags([tag('quote', 0), tag('invite', 3), tag('quote', 5)]).map((each) => each.start)).toEqual([0, 3])
  })

  it('never link to anything but web addresses', () => {
    expect(mediaLink({ url: 'javascript:alert(1)' })).toBe('')
    expect(mediaLink({ url: '//elsewhere.example' })).toBe('')
    expect(mediaLink({ url: 'https://files.example/a.pdf' })).toBe('https://files.example/a.pdf')
  })
})
