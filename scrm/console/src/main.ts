/** Starts the console: language, stores, routes, and what happens when the session ends. */
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import './styles/element'
import './styles/tokens.css'
import './styles/page.css'
import App from './App.vue'
import { surround } from './api/client'
import { i18n, restoreLanguage } from './locales'
import { makeRouter } from './routes'
import { useLive } from './stores/live'
import { useSession } from './stores/session'

await restoreLanguage()
const app = createApp(App)
app.use(createPinia()).use(i18n)
const router = makeRouter()
app.use(router)

surround({
  signedOut: () => {
    const session = useSession()
    if (!session.user) return
    useLive().stop()
    session.leave()
    void router.push({ name: 'sign-in', query: { next: router.currentRoute.value.fullPath, ended: '1' } })
  },
})

app.mount('#app')
