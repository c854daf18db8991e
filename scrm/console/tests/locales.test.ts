import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'
import en from '@/locales/en.json'
import logEn from '@/locales/log/en.json'
import logZhCN from '@/locales/log/zh-CN.json'
import zhCN from '@/locales/zh-CN.json'

interface Texts {
  [key: string]: string | Texts
}

function flat(texts: Texts, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else for (const [name, text] of flat(value, `${prefix}${key}.`)) found.set(name, text)
  }
  return found
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name)
    if (item.isDirectory()) return sources(path)
    return /\.(vue|ts)$/.test(item.name) && !item.name.endsWith('.d.ts') ? [readFileSync(path, 'utf8')] : []
  })
}

const zh = flat(zhCN)
const english = flat(en)
const code = sources(join(import.meta.dirname, '../src')).join('\n')

describe('the two languages', () => {
  it.each(['zh-CN', 'en'] as const)('can be spoken whole: %s has no text with broken syntax', (locale) => {
    const { t } = createI18n({ legacy: false, locale, messages: { 'zh-CN': zhCN, en } }).global

    for (const key of zh.keys()) expect(() => t(key), key).not.toThrow()
  })

  it('have the same texts', () => {
    expect([...english.keys()].sort()).toEqual([...zh.keys()].sort())
    expect([...flat(logEn).keys()].sort()).toEqual([...flat(logZhCN).keys()].sort())
  })

  it('have the same places to fill in', () => {
    const holes = (text: string | undefined) => (text?.match(/\{\w+\}/g) ?? []).sort()
    const differing = [...zh].filter(([key, text]) => holes(text).join() !== holes(english.get(key)).join()).map(([key]) => key)

    expect(differing).toEqual([])
  })

  it('have every text the code asks for by name', () => {
    const asked = [...code.matchAll(/\bt\(\s*'([a-zA-Z0-9_.]+)'/g)].map((match) => match[1] ?? '')
    const either = [...code.matchAll(/\bt\([^'`)]+\?\s*'([\w.]+)'\s*:\s*'([\w.]+)'/g)].flatMap((match) => [match[1] ?? '', match[2] ?? ''])

    expect([...asked, ...either].filter((key) => !zh.has(key))).toEqual([])
    expect(asked.length).toBeGreaterThan(150)
  })
})
