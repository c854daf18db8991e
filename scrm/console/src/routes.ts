/** Routes of the console; each page is its own chunk. */
import { START_LOCATION, createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'
import type { Permission } from './api/types'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Whoever lacks it is led to their own start page. */
    needs?: Permission
    open?: boolean
    /** Key of the page's name, for the browser title. */
    title?: string
    /** On narrow screens the page needs the whole height. */
    whole?: boolean
  }
}

const workspace = () => import('./pages/WorkspacePage.vue')
const prices = () => import('./pages/PricesPage.vue')
const audit = () => import('./pages/AuditPage.vue')

const records: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignInPage.vue'), meta: { open: true, title: 'signIn.title' } },
  { path: '/', name: 'workspace', component: workspace, meta: { needs: 'customers.read', title: 'nav.workspace' } },
  { path: '/customers/:id', name: 'customer', component: workspace, meta: { needs: 'customers.read', title: 'nav.workspace', whole: true } },
  { path: '/audit', name: 'audit', component: audit, meta: { needs: 'cases.read', title: 'nav.audit' } },
  { path: '/audit/figures', name: 'audit-figures', component: () => import('./pages/AuditFiguresPage.vue'), meta: { needs: 'cases.read', title: 'auditFigures.title' } },
  { path: '/audit/log', name: 'audit-log', component: () => import('./pages/AuditLogPage.vue'), meta: { needs: 'audit.read', title: 'auditLog.title' } },
  { path: '/audit/:id', name: 'case', component: audit, meta: { needs: 'cases.read', title: 'nav.audit', whole: true } },
  { path: '/prices', name: 'prices', component: prices, meta: { needs: 'prices.read', title: 'nav.prices' } },
  { path: '/prices/proposals', name: 'price-proposals', component: prices, meta: { needs: 'prices.history', title: 'nav.prices' } },
  { path: '/prices/product/:sku', name: 'price', component: prices, meta: { needs: 'prices.read', title: 'nav.prices', whole: true } },
  {
    path: '/settings',
    component: () => import('./pages/SettingsPage.vue'),
    meta: { title: 'nav.settings' },
    children: [
      { path: '', name: 'settings', component: () => import('./pages/settings/ProfileTab.vue') },
      { path: 'channels', name: 'settings-channels', component: () => import('./pages/settings/ChannelsTab.vue'), meta: { needs: 'channels.read' } },
      { path: 'imports', name: 'settings-imports', component: () => import('./pages/settings/ImportsTab.vue'), meta: { needs: 'imports.run' } },
      { path: 'webhooks', name: 'settings-webhooks', component: () => import('./pages/settings/WebhooksTab.vue'), meta: { needs: 'webhooks.manage' } },
      { path: 'prices', redirect: '/prices' },
      { path: 'scripts', name: 'settings-scripts', component: () => import('./pages/settings/ScriptsTab.vue'), meta: { needs: 'scripts.read' } },
      { path: 'rules', name: 'settings-rules', component: () => import('./pages/settings/RulesTab.vue'), meta: { needs: 'rules.read' } },
      { path: 'broadcast', name: 'settings-broadcast', component: () => import('./pages/settings/BroadcastTab.vue'), meta: { needs: 'broadcasts.check' } },
      { path: 'accounts', name: 'settings-accounts', component: () => import('./pages/settings/AccountsTab.vue'), meta: { needs: 'users.manage' } },
      { path: 'profile', name: 'settings-profile', component: () => import('./pages/settings/ProfileTab.vue') },
    ],
  },
  { path: '/:rest(.*)*', name: 'not-found', component: () => import('./pages/NotFoundPage.vue') },
]

export function makeRouter(): Router {
  const router = createRouter({ history: createWebHistory('/'), routes: records })
  router.beforeEach(async (to, from) => {
    const session = useSession()
    await session.restore().catch(() => undefined)
    if (to.meta.open) return session.user ? session.home : true
    if (!session.user) return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
    if (to.meta.needs && !session.can(to.meta.needs)) return session.home === to.path ? { name: 'settings-profile' } : session.home
    if (to.name === 'workspace' && session.home !== '/' && from === START_LOCATION) return session.home
    if (to.name === 'settings') return { name: firstTab(session.can) }
    return true
  })
  // A deployment replaces the chunks: whoever still runs the earlier page gets the new one.
  router.onError((error, to) => {
    if (/dynamically imported module|Importing a module script failed/i.test(String(error))) window.location.assign(to.fullPath)
  })
  return router
}

function firstTab(can: (permission: Permission) => boolean): string {
  return can('channels.read') ? 'settings-channels' : 'settings-profile'
}
