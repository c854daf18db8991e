/** Single-key shortcuts of a page: they work unless somebody types, composes or a dialog is open. */
import { onBeforeUnmount, onMounted } from 'vue'
import { belongsToInputMethod, isTyping } from './compose'

/** Keys are named as in `KeyboardEvent.key`; a handler that gives `false` leaves the key press alone. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => unknown>

export function useShortcuts(shortcuts: Shortcuts): void {
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented || belongsToInputMethod(event) || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target) || document.querySelector('.el-overlay:not([style*="display: none"])')) return
    const run = shortcuts[event.key]
    if (run && run(event) !== false) event.preventDefault()
  }
  onMounted(() => window.addEventListener('keydown', listen))
  onBeforeUnmount(() => window.removeEventListener('keydown', listen))
}
