import '@testing-library/jest-dom/vitest';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { act, cleanup, configure } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { setUpClient } from '@/api/client.ts';
import { server } from '@/testing/server.ts';

configure({ asyncUtilTimeout: 5_000 });

// What jsdom lacks and Mantine asks for.
window.matchMedia = (query: string) =>
  ({
    matches: false,
    media: query,
    onchange: null,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
    dispatchEvent: () => false,
  }) as unknown as MediaQueryList;
window.ResizeObserver = class {
  observe = vi.fn();
  unobserve = vi.fn();
  disconnect = vi.fn();
};
Object.defineProperty(document, 'fonts', { configurable: true, value: new EventTarget() });
Element.prototype.scrollIntoView = vi.fn();
Element.prototype.checkVisibility = function () {
  return this.closest('[style*="display: none"]') === null;
};
Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
// A virtual table shows what fits: in jsdom nothing has a size, so it is given one.
Object.defineProperties(HTMLElement.prototype, {
  offsetHeight: { configurable: true, get: () => 800 },
  offsetWidth: { configurable: true, get: () => 1200 },
});

beforeAll(() => {
  setUpClient('http://localhost:3000');
  server.listen({ onUnhandledRequest: 'error' });
});
afterEach(() => {
  // The files of a thread share one window: what is open and what libraries left in it go with each test.
  act(() => {
    notifications.clean();
    modals.closeAll();
  });
  cleanup();
  document.body.replaceChildren();
  server.resetHandlers();
  localStorage.clear();
});
afterAll(() => server.close());
