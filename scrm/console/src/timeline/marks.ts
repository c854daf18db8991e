/** What is to be marked in an entry's text, and what a pointer over a mark tells. */
import type { ClaimOut, EntryOut, Money, TagOut } from '@/api/types'
import type { Mark } from '@/text/spans'

export function entryMarks(entry: EntryOut): Mark[] {
  return [
    ...entry.claims.map((claim, index): Mark => ({ start: claim.start, end: claim.end, kind: 'claim', key: claimKey(index) })),
    ...entry.tags.map((tag): Mark => ({ start: tag.start, end: tag.end, kind: 'tag', key: tagKey(tag) })),
  ]
}

export function claimKey(index: number): string {
  return `claim-${index}`
}

/** One key for all spans that earned the same tag. */
export function tagKey(tag: TagOut): string {
  return `tag-${tag.tag}`
}

/** Each tag once, in the order of the text: several spans may have earned it. */
export function distinctTags(tags: readonly TagOut[]): TagOut[] {
  return tags.filter((tag, index) => tags.findIndex((each) => each.tag === tag.tag) === index)
}

/** 少儿英语年课 4,980 元 / 年: `amount` renders value and unit. */
export function claimWords(claim: ClaimOut, amount: (value: Money, unit: string | null) => string): string {
  const value = claim.value === null ? '' : amount(claim.value, claim.unit)
  return [claim.product, value].filter(Boolean).join(' ')
}
