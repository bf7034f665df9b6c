/**
 * What browsers offer to secure contexts alone (https and localhost), each with what takes its place where Modplane is
 * reached over plain http by the name of a host. Nothing else may touch these: `eslint.config.js` sees to it.
 * Random ids are `randomId` of the client.
 */
/* eslint-disable no-restricted-syntax -- this is the one place */

/**
 * Lets the tabs of this browser do something in turn. Without locks they do it at the same time, so it has to stand that:
 * it is for saving work and for order, never for safety.
 */
export async function inTurn<T>(name: string, task: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? await navigator.locks.request(name, task) : await task();
}

/** Puts a text into the clipboard; false when the browser lets nobody do that. */
export async function copyText(text: string): Promise<boolean> {
  if ('clipboard' in navigator) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by a permission, or the window has no focus: the older way asks for neither.
    }
  }
  return copySelected(text);
}

/** Selects the text in a field that is there for a moment, beside whatever has the focus, and copies the selection. */
function copySelected(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  field.setAttribute('aria-hidden', 'true');
  // A dialog takes the focus back from what is outside of it.
  (focused?.closest('[role="dialog"]') ?? document.body).append(field);
  field.select();
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else copies over plain http
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

/** A channel to the other tabs of this browser; null where there is none, as with storage forbidden. */
export function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
