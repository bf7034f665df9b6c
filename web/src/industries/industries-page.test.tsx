import { screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { IndustryDetails } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const LIST = '*/api/v1/industries';
/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;
const AT = '2026-01-01T00:00:00Z';

const industry = (code: string, name: string, more: Partial<IndustryDetails> = {}): IndustryDetails => ({
  industry_code: code,
  industry_name: name,
  description: '',
  is_active: true,
  version: 3,
  module_count: 4,
  required_count: 2,
  applicable: true,
  blocked_by: [],
  blocking: [],
  sequence: 7,
  created_at: AT,
  updated_at: AT,
  ...more,
});

const listed = [
  industry('bakeries', 'Bakeries'),
  industry('garages', 'Garages', { is_active: false, applicable: false }),
  industry('museums', 'Museums', {
    applicable: false,
    blocked_by: ['tickets', 'rooms', 'never'],
    blocking: [
      { module_id: 'tickets', module_name: 'Ticket Desk', state: 'config_invalid' },
      { module_id: 'rooms', module_name: 'Rooms', state: 'inactive' },
      { module_id: 'never', module_name: null, state: 'missing' },
    ],
  }),
];

beforeEach(() => {
  server.use(
    http.get(LIST, () => HttpResponse.json({ items: listed, next_cursor: null })),
    http.get('*/api/v1/usage/industries', () =>
      HttpResponse.json({ items: [{ industry_code: 'bakeries', version: 3, on_current: 5, on_older: 2 }] }),
    ),
    http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
  );
});

test(
  'templates are found by a word, as cards or as a table, and each says whether it can be chosen and who has it',
  async () => {
    const { user, router } = renderAt('/super-admin/industries');
    const bakeries = await screen.findByRole('listitem', { name: 'Bakeries' }, { timeout: SLOW_MS / 2 });
    expect(bakeries).toHaveTextContent('4 modules · 2 required');
    expect(
      await within(bakeries).findByRole('img', { name: '5 tenants on the current version, 2 on older ones' }),
    ).toBeVisible();
    expect(screen.getByRole('listitem', { name: 'Garages' })).toHaveTextContent('Inactive');
    expect(screen.getByRole('listitem', { name: 'Museums' })).toHaveTextContent('Cannot be chosen at signup');
    await user.click(screen.getByRole('radio', { name: 'Table' }));
    expect(await screen.findByRole('row', { name: /Museums/ })).toBeVisible();
    await user.keyboard('{Tab}');
    await user.type(screen.getByRole('searchbox', { name: 'Search industries' }), 'bak');
    await expect.poll(() => router.state.location.search).toEqual({ view: 'table', q: 'bak' });
    expect(screen.queryByRole('row', { name: /Museums/ })).toBeNull();
    await user.type(screen.getByRole('searchbox', { name: 'Search industries' }), 'x');
    await user.click(await screen.findByRole('button', { name: 'Clear filters' }));
    expect(await screen.findByRole('row', { name: /Museums/ })).toBeVisible();
  },
  SLOW_MS,
);

test(
  'who cannot be chosen says of each module in the way, by its name, what is wrong with it',
  async () => {
    const { user } = renderAt('/super-admin/industries');
    await user.hover(await screen.findByText('Cannot be chosen at signup', {}, { timeout: SLOW_MS / 2 }));
    expect(
      await screen.findByText(
        'Cannot be chosen at signup: the default config of Ticket Desk does not fit its schema, Rooms is inactive, never is not registered.',
      ),
    ).toBeInTheDocument();
  },
  SLOW_MS,
);

test(
  'a new one gets its code from its name, a code that is taken is said to be before anything is sent, Enter creates it',
  async () => {
    let sent: unknown = null;
    server.use(
      http.post(LIST, async ({ request }) => {
        sent = await request.json();
        return HttpResponse.json({ ...listed[0], modules: [], operation_id: 'o', status: 'applied' }, { status: 201 });
      }),
      http.get('*/api/v1/industries/:code', () => HttpResponse.json(industry('food_drinks', 'Food & Drinks'))),
      http.get('*/api/v1/industries/:code/modules', () => HttpResponse.error()),
      http.get('*/api/v1/module-registry', () => HttpResponse.json({ items: [], next_cursor: null })),
    );
    const { user, router } = renderAt('/super-admin/industries');
    await user.click(await screen.findByRole('button', { name: 'New industry' }, { timeout: SLOW_MS / 2 }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByLabelText('Name'), 'Bakeries');
    expect(dialog.getByText('Another industry has this code.')).toBeVisible();
    await user.keyboard('{Enter}');
    expect(sent).toBeNull();
    await user.clear(dialog.getByLabelText('Name'));
    await user.type(dialog.getByLabelText('Name'), '食品');
    await user.keyboard('{Enter}');
    expect(dialog.getByText(/Lower-case letters, digits and _/, { selector: '[class*=error]' })).toBeVisible();
    expect(sent).toBeNull();
    await user.clear(dialog.getByLabelText('Name'));
    await user.type(dialog.getByLabelText('Name'), 'Food & Drinks');
    expect(dialog.getByLabelText('Code')).toHaveValue('food_drinks');
    await user.keyboard('{Enter}');
    await expect.poll(() => router.state.location.pathname).toBe('/super-admin/industries/food_drinks');
    expect(sent).toEqual({
      industry_code: 'food_drinks',
      industry_name: 'Food & Drinks',
      description: '',
      is_active: true,
      modules: [],
    });
  },
  SLOW_MS,
);

test(
  'none yet and a failure have their own words and their own way on',
  async () => {
    server.use(http.get(LIST, () => HttpResponse.json({ items: [], next_cursor: null })));
    const first = renderAt('/super-admin/industries');
    expect(
      await screen.findByRole('heading', { name: 'No industry templates yet' }, { timeout: SLOW_MS / 2 }),
    ).toBeVisible();
    first.unmount();
    server.use(http.get(LIST, () => HttpResponse.error()));
    const { user } = renderAt('/super-admin/industries');
    expect(await screen.findByText('This could not be loaded.')).toBeVisible();
    server.use(http.get(LIST, () => HttpResponse.json({ items: listed, next_cursor: null })));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('listitem', { name: 'Bakeries' })).toBeVisible();
  },
  SLOW_MS,
);
