// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { belongsToInputMethod, isTyping } from '@/keys/compose'

describe('an input method', () => {
  it('owns the Enter that chooses a candidate, in every browser', () => {
    expect(belongsToInputMethod(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true }))).toBe(true)
    expect(belongsToInputMethod({ isComposing: false, keyCode: 229 })).toBe(true)
  })

  it('does not own a plain Enter', () => {
    expect(belongsToInputMethod({ isComposing: false, keyCode: 13 })).toBe(false)
  })
})

describe('shortcuts', () => {
  it('stay away from where people type, not from buttons', () => {
    const make = (html: string) => Object.assign(document.createElement('div'), { innerHTML: html }).firstElementChild

    expect([make('<textarea></textarea>'), make('<input type="search">'), make('<button></button>'), make('<input type="radio">')].map(isTyping)).toEqual([true, true, false, false])
  })
})
