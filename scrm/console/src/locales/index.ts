/** Languages: Chinese first, English complete. */
import en_ from 'element-plus/es/locale/lang/en'
import zh_ from 'element-plus/es/locale/lang/zh-cn'
import { createI18n } from 'vue-i18n'
import { surround } from '@/api/client'
import { recall, remember } from '@/keep'
import en from './en.json'
import zhCN from './zh-CN.json'

export type Language = 'zh-CN' | 'en'

export const LANGUAGES: { name: Language; label: string }[] = [
  { name: 'zh-CN', label: '简体中文' },
  { name: 'en', label: 'English' },
]

export const elementLocales = { 'zh-CN': zh_, en: en_ }

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN' as Language,
  fallbackLocale: 'zh-CN' as Language,
  messages: { 'zh-CN': zhCN, en },
})

/** The language chosen before, else Chinese. */
export function restoreLanguage(): void {
  speak(recall('language') === 'en' ? 'en' : 'zh-CN')
}

export function speak(language: Language): void {
  i18n.global.locale.value = language
  surround({ language })
  remember('language', language)
  if (typeof document !== 'undefined') document.documentElement.lang = language
}
