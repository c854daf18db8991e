/** The present moment as a shared ref, so that "3分钟前" grows older while it is looked at. */
import { ref, type Ref } from 'vue'

const now = ref(new Date())
let ticking = false

export function useNow(): Ref<Date> {
  if (!ticking) {
    ticking = true
    setInterval(() => (now.value = new Date()), 20_000)
  }
  now.value = new Date()
  return now
}
