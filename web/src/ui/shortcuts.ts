import { useHotkeys } from '@mantine/hooks';

export type Shortcut = readonly [key: string, does: () => void];

/** Whatever lies over the page, and has the keys for itself. */
const OVERLAYS = '[aria-modal="true"], [role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]';
/** Inputs that take no letters. */
const UNTYPED = ['checkbox', 'radio', 'button', 'submit', 'reset', 'image', 'range', 'color'];

/**
 * The keys of a page: each does something while the page itself has the keyboard, and nothing while somebody types, or
 * something lies over the page. The one place that decides that.
 */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useHotkeys(
    shortcuts.map(([key, does]) => [
      key,
      (event: KeyboardEvent) => {
        if (event.defaultPrevented || event.isComposing || isTyping(event.target) || isCovered()) return;
        event.preventDefault();
        does();
      },
      { preventDefault: false },
    ]),
    [],
    true,
  );
}

/** Closed menus and lists may stay in the page, unseen. */
function isCovered(): boolean {
  return Array.from(document.querySelectorAll(OVERLAYS)).some((one) => one.checkVisibility());
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !UNTYPED.includes(target.type);
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('textarea, select, [role="textbox"], [role="combobox"]'))
  );
}
