/** Ctrl/⌘+Enter submits, wherever on the page the keyboard is. */
import { onBeforeUnmount, onMounted } from 'vue'
import { belongsToInputMethod } from './compose'

export function useSubmitKey(submit: () => void): void {
  const listen = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || belongsToInputMethod(event) || event.repeat) return
    if (document.querySelector('.el-overlay:not([style*="display: none"])')) return
    event.preventDefault()
    submit()
  }
  onMounted(() => window.addEventListener('keydown', listen))
  onBeforeUnmount(() => window.removeEventListener('keydown', listen))
}
