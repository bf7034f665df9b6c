/**
 * Leads to the first field of a form that was found wrong: it gets the focus, and is scrolled to with its label and all of
 * its error, which may be longer than what is left of the window. For all forms, the one place being the page.
 */
export function leadToErrors(): void {
  document.addEventListener('submit', ({ target }) => {
    if (target instanceof HTMLFormElement) afterRendering(() => focusFirstError(target));
  });
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement) afterRendering(() => showError(target));
  });
  // What the service finds wrong comes later, where the focus is still.
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target instanceof HTMLElement) afterRendering(() => showError(target));
  }).observe(document, { subtree: true, attributeFilter: ['aria-invalid', 'data-invalid'] });
}

/** What a handler changes is on screen two frames later. */
const afterRendering = (task: () => void) => requestAnimationFrame(() => requestAnimationFrame(task));

// The field of a password says it in its own way.
const WRONG_FIELD =
  ':is(input, textarea, select, [tabindex], [contenteditable]):is([aria-invalid="true"], [data-invalid="true"])';

function focusFirstError(form: HTMLFormElement): void {
  if (document.activeElement?.matches(WRONG_FIELD)) showError(document.activeElement);
  else form.querySelector<HTMLElement>(WRONG_FIELD)?.focus();
}

function showError(field: Element): void {
  if (document.activeElement !== field || !field.matches(WRONG_FIELD)) return;
  const whole = field.closest('.mantine-InputWrapper-root') ?? field;
  whole.scrollIntoView({ block: 'nearest' });
}

const WRONG = '[aria-invalid="true"]:not([disabled]), [data-validationErrors], [role="alert"]';

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
