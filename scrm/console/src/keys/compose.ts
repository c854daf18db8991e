/** Which key presses belong to an input method, and which to us. */

/**
 * True while an input method is composing, and for the Enter that ends a composition.
 * Safari ends the composition before that keydown; there only key code 229 tells.
 * https://www.w3.org/TR/uievents/#determine-keydown-keyup-keyCode
 */
export function belongsToInputMethod(event: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  return event.isComposing || event.keyCode === 229
}

/** Whether the key press happened where people type. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable) return true
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'file'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}
