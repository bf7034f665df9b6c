import { act, screen, waitFor } from '@testing-library/react';
import { delay, http, HttpResponse } from 'msw';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { renderAt, tokenFor } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const INDUSTRIES = '*/api/v1/industries';
const SIGN_UP = '*/api/v1/organizations/signup';
/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;

const bakery = {
  industry_code: 'bakeries',
  industry_name: 'Bakeries',
  description: 'Bread and cakes.',
  is_active: true,
  version: 1,
  module_count: 0,
  required_count: 0,
  applicable: true,
  blocked_by: [],
  blocking: [],
  sequence: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
};

beforeEach(() => {
  server.use(http.get(INDUSTRIES, () => HttpResponse.json({ items: [bakery], next_cursor: null })));
});
afterEach(() => {
  vi.useRealTimers();
});

async function fillIn(user: ReturnType<typeof renderAt>['user']) {
  await user.type(await screen.findByLabelText('Organization', {}, { timeout: SLOW_MS / 2 }), 'Crumb');
  await user.type(screen.getByLabelText('E-mail'), 'ada@crumb.example');
  await user.type(screen.getByLabelText('Password', { selector: 'input' }), 'correct horse battery');
}

test(
  'industries that take long are said to, and the account can be filled in meanwhile',
  async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.use(
      http.get(INDUSTRIES, async () => {
        await delay('infinite');
      }),
    );
    renderAt('/signup', null);
    await vi.waitFor(() => expect(screen.getByLabelText('Organization')).toBeEnabled(), { timeout: SLOW_MS / 2 });
    expect(screen.queryByText(/take longer than usual/)).toBeNull();
    act(() => {
      vi.advanceTimersByTime(4_000);
    });
    expect(screen.getByText(/take longer than usual/)).toBeVisible();
    expect(screen.getByRole('radio', { name: /Skip/ })).toBeEnabled();
  },
  SLOW_MS,
);

test(
  'industries that cannot be had are asked for again, or done without',
  async () => {
    server.use(http.get(INDUSTRIES, () => HttpResponse.error()));
    const { user } = renderAt('/signup', null);
    expect(await screen.findByText('The industries could not be loaded', {}, { timeout: SLOW_MS / 2 })).toBeVisible();
    expect(screen.getByRole('radio', { name: /Skip/ })).toBeEnabled();
    server.use(http.get(INDUSTRIES, () => HttpResponse.json({ items: [bakery], next_cursor: null })));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('radio', { name: /Bakeries/ })).toBeEnabled();
  },
  SLOW_MS,
);

test(
  'a service that does not answer loses nothing: what was typed stays, and the second try goes under the same key',
  async () => {
    const keys: (string | null)[] = [];
    server.use(
      http.post(SIGN_UP, ({ request }) => {
        keys.push(request.headers.get('Idempotency-Key'));
        return HttpResponse.error();
      }),
    );
    const { user, router } = renderAt('/signup?skip=true', null);
    await fillIn(user);
    await user.keyboard('{Enter}');
    expect(await screen.findByText('The service does not answer')).toBeVisible();
    expect(screen.getByLabelText('Password', { selector: 'input' })).toHaveValue('correct horse battery');
    server.use(
      http.post(SIGN_UP, ({ request }) => {
        keys.push(request.headers.get('Idempotency-Key'));
        return HttpResponse.json({ organization: { id: 'o-1' }, modules: { status: 'none' } }, { status: 201 });
      }),
      http.post('*/api/v1/auth/login', () =>
        HttpResponse.json({
          access_token: tokenFor('organization_admin', 'o-1'),
          token_type: 'bearer',
          expires_in: 900,
        }),
      ),
      http.get('*/api/v1/organizations/:id', () => HttpResponse.error()),
      http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
    );
    await user.click(screen.getByRole('button', { name: 'Create organization' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/organization'));
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  },
  SLOW_MS,
);

test(
  'who sends without an industry is led to the choice, and arrow keys choose',
  async () => {
    const { user, router } = renderAt('/signup', null);
    await fillIn(user);
    await user.keyboard('{Enter}');
    expect(await screen.findByText('Choose an industry, or skip.')).toBeVisible();
    const choice = screen.getByRole('radio', { name: /Bakeries/ });
    expect(choice).toHaveFocus();
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(router.state.location.search).toEqual({ skip: true }));
    expect(screen.getByRole('radio', { name: /Skip/ })).toBeChecked();
  },
  SLOW_MS,
);

test(
  'a closed signup says so, and a super admin may create an organization all the same',
  async () => {
    server.use(http.get(SIGN_UP, () => HttpResponse.json({ status: 'closed' })));
    const closed = renderAt('/signup', null);
    expect(await screen.findByRole('heading', { name: 'Signing up is closed' })).toBeVisible();
    expect(screen.getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/login');
    expect(screen.queryByRole('button', { name: 'Create organization' })).toBeNull();
    closed.unmount();
    renderAt('/signup');
    expect(await screen.findByRole('button', { name: 'Create organization' })).toBeVisible();
    expect(screen.queryByText('Signing up is closed')).toBeNull();
  },
  SLOW_MS,
);

test(
  'a signup that was closed meanwhile is said as that',
  async () => {
    const { user } = renderAt('/signup?skip=true', null);
    await fillIn(user);
    server.use(
      http.post(SIGN_UP, () =>
        HttpResponse.json(
          {
            type: 'urn:modplane:problem:signup_closed',
            title: 'Forbidden',
            status: 403,
            detail: 'Closed.',
            instance: '/',
          },
          { status: 403, headers: { 'Content-Type': 'application/problem+json' } },
        ),
      ),
    );
    await user.click(screen.getByRole('button', { name: 'Create organization' }));
    const told = await screen.findByRole('heading', { name: 'Signing up is closed' }, { timeout: SLOW_MS / 2 });
    expect(told).toBeVisible();
  },
  SLOW_MS,
);
