const WRONG = '[aria-invalid="true"]:not([disabled]), [data-misfits], [role="alert"]';

/** Brings the first thing that is wrong into sight, clear of headers and footers that stick, and puts the focus there. */
export function showFirstError(within: HTMLElement | null): void {
  // What is wrong is on the page after the next rendering.
  requestAnimationFrame(() => {
    const first = within?.querySelector<HTMLElement>(WRONG);
    if (!first) return;
    if (!first.matches('input, textarea, select, button, [tabindex]')) first.tabIndex = -1;
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: 'center' });
  });
}
