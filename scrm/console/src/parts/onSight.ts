/** Calls back whenever an element comes into sight: for pages that load while one scrolls. */
import { onBeforeUnmount, watch, type Ref } from 'vue'

export function onSight(element: Ref<HTMLElement | null | undefined>, run: () => void, margin = '240px'): void {
  let observer: IntersectionObserver | null = null
  watch(
    element,
    (target) => {
      observer?.disconnect()
      if (!target) return
      observer = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && run(), { rootMargin: margin })
      observer.observe(target)
    },
    { flush: 'post', immediate: true },
  )
  onBeforeUnmount(() => observer?.disconnect())
}
