/** Order in time: only the latest answer counts, and calls that follow each other quickly become one. */

/** Each call begins a turn; the function it gives back says whether that turn is still the latest. */
export function turns(): () => () => boolean {
  let current = 0
  return () => {
    const mine = ++current
    return () => mine === current
  }
}

export interface Debounced<Args extends unknown[]> {
  (...args: Args): void
  cancel(): void
}

/** Runs once, `wait` ms after the last call. */
export function debounced<Args extends unknown[]>(run: (...args: Args) => void, wait: number): Debounced<Args> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const call = (...args: Args) => {
    clearTimeout(timer)
    timer = setTimeout(() => run(...args), wait)
  }
  return Object.assign(call, { cancel: () => clearTimeout(timer) })
}

/** Runs at once, then not again for `wait` ms. */
export function throttled<Args extends unknown[]>(run: (...args: Args) => void, wait: number): (...args: Args) => void {
  let quietUntil = 0
  return (...args) => {
    if (Date.now() < quietUntil) return
    quietUntil = Date.now() + wait
    run(...args)
  }
}
