/** Languages: Chinese first; English complete, and fetched when it is spoken. */
import zh_ from 'element-plus/es/locale/lang/zh-cn'
import { shallowReactive } from 'vue'
import { createI18n } from 'vue-i18n'
import { surround } from '@/api/client'
import { recall, remember } from '@/keep'
import zhCN from './zh-CN.json'

export type Language = 'zh-CN' | 'en'

export const LANGUAGES: { name: Language; label: string }[] = [
  { name: 'zh-CN', label: '简体中文' },
  { name: 'en', label: 'English' },
]

/** The texts of Element Plus in the languages spoken so far. */
export const elementLocales = shallowReactive({ 'zh-CN': zh_, en: zh_ })

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN' as Language,
  fallbackLocale: 'zh-CN' as Language,
  messages: { 'zh-CN': zhCN, en: {} as typeof zhCN },
})

/** The language chosen before, else Chinese. */
export function restoreLanguage(): Promise<void> {
  return speak(recall('language') === 'en' ? 'en' : 'zh-CN')
}

export async function speak(language: Language): Promise<void> {
  if (language === 'en') await learnEnglish()
  i18n.global.locale.value = language
  surround({ language })
  remember('language', language)
  if (typeof document !== 'undefined') document.documentElement.lang = language
}

async function learnEnglish(): Promise<void> {
  const [texts, elements] = await Promise.all([import('./en.json'), import('element-plus/es/locale/lang/en')])
  i18n.global.setLocaleMessage('en', texts.default)
  elementLocales.en = elements.default
}
