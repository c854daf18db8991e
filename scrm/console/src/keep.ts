/** What the browser remembers between visits; in memory where it may not (private windows, tests). */

const memory = new Map<string, string>()

export function recall(key: string): string | null {
  try {
    return globalThis.localStorage.getItem(`scrm.${key}`)
  } catch {
    return memory.get(key) ?? null
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) globalThis.localStorage.removeItem(`scrm.${key}`)
    else globalThis.localStorage.setItem(`scrm.${key}`, value)
  } catch {
    if (value === null) memory.delete(key)
    else memory.set(key, value)
  }
}
