import { describe, expect, it } from 'vitest'
import { csv } from '@/text/files'
import { signed, yuan } from '@/text/money'
import { figureText } from '@/text/readings'
import { excerpt, segments, spanText } from '@/text/spans'
import { dayLabel, duration, listTime, talkTime } from '@/text/time'

describe('spans', () => {
  it('are counted in code points, so that an emoji before them moves nothing', () => {
    const text = '好的😊年课 4,980 元'

    const parts = segments(text, [{ start: 6, end: 13, kind: 'finding' }])

    expect(parts.map((part) => part.text)).toEqual(['好的😊年课 ', '4,980 元'])
    expect(spanText(text, 6, 11)).toBe('4,980')
  })

  it('may overlap: each piece knows all its marks', () => {
    const parts = segments('秋季活动价', [
      { start: 0, end: 4, kind: 'tag', key: 'a' },
      { start: 2, end: 5, kind: 'claim' },
    ])

    expect(parts.map((part) => [part.text, part.marks.length])).toEqual([['秋季', 1], ['活动', 2], ['价', 1]])
  })

  it('outside the text are left out, and the text stays whole', () => {
    const parts = segments('你好', [{ start: 5, end: 9, kind: 'tag' }, { start: 1, end: 1, kind: 'tag' }])

    expect(parts).toEqual([{ text: '你好', marks: [] }])
  })

  it('keep their place in an excerpt', () => {
    const cut = excerpt('一二三四五六七八九十年课5,680元一年一二三四五六七八九十一二三四五', 12, 18, 4)

    expect(Array.from(cut.text).slice(cut.start, cut.end).join('')).toBe('5,680元')
    expect(cut.text.startsWith('…')).toBe(true)
  })
})

describe('tables to take along', () => {
  it('are CSV that a spreadsheet reads and never runs', () => {
    expect(csv([['规则', '件数'], ['低价,"急"', 3], ['=1+1', null]])).toBe('\ufeff规则,件数\r\n"低价,""急""",3\r\n\'=1+1,\r\n')
  })
})

describe('figures of a reckoning', () => {
  const t = (key: string, named?: Record<string, unknown>) => (key === 'common.yuan' ? `${String(named?.['amount'])} 元` : key)

  it('show differences with their sign, shares in per cent, and ranges whole', () => {
    expect(figureText({ name: 'difference', value: '1000' }, t)).toBe('+1,000 元')
    expect(figureText({ name: 'ratio', value: '-0.161' }, t)).toBe('−16.1 %')
    expect(figureText({ name: 'price', value: '3000–3500' }, t)).toBe('3,000–3,500 元')
  })
})

describe('amounts', () => {
  it('carry their sign where they are a difference', () => {
    expect([signed(-700), signed(16.06, 1)]).toEqual(['−700', '+16.1'])
  })

  it('are written with thousands, and words that are no number stay', () => {
    expect([yuan('4980.00'), yuan('99.5'), yuan('面议'), yuan(null)]).toEqual(['4,980', '99.5', '面议', ''])
  })
})

describe('times', () => {
  const now = new Date(2026, 10, 23, 20, 0)
  const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).toISOString()

  it('in a list are as short as their age allows', () => {
    expect(listTime(at(23, 19, 55), now, 'zh-CN')).toBe('5分钟前')
    expect(listTime(at(23, 9, 5), now, 'zh-CN')).toBe('09:05')
    expect(listTime(at(22, 23), now, 'zh-CN')).toBe('昨天')
    expect(listTime(at(20, 9), now, 'zh-CN')).toBe('周五')
    expect(listTime(at(3, 9), now, 'zh-CN')).toBe('11月3日')
  })

  it('head a day by its local date', () => {
    expect(dayLabel(at(23, 0, 1), now, 'zh-CN')).toBe('今天')
    expect(dayLabel(at(22, 23, 59), now, 'en')).toBe('Yesterday')
  })

  it('of calls show minutes and seconds', () => {
    expect([talkTime(5), talkTime(187), talkTime(3725)]).toEqual(['0:05', '3:07', '1:02:05'])
  })

  it('below a second do not claim to be nothing', () => {
    expect(duration(0.4, 'zh-CN')).toBe('< 1秒')
  })
})
