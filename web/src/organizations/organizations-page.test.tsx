import { screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { OrganizationInfo, OrganizationPage } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const LIST = '*/api/v1/organizations';
/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;
const AT = '2026-01-01T00:00:00Z';

const tenant = (number: number): OrganizationInfo => ({
  organization_id: `0000-${number}`,
  name: `Tenant ${number}`,
  industry_code: null,
  industry_name: null,
  status: 'active',
  sequence: 1,
  created_at: AT,
  updated_at: AT,
});

const page = (from: number, count: number, next: string | null, total: number | null): OrganizationPage => ({
  items: Array.from({ length: count }, (_, index) => tenant(from + index)),
  next_cursor: next,
  total: total === null ? null : { count: total, is_exact: true },
});

const empty = { items: [], next_cursor: null, total: { count: 0, is_exact: true } };

beforeEach(() => {
  server.use(
    http.get('*/api/v1/industries', () => HttpResponse.json(empty)),
    http.get('*/api/v1/module-registry', () => HttpResponse.json(empty)),
    http.get('*/api/v1/bulk-operations', () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
  );
});

test(
  '"all that match" reaches beyond what is loaded, and asks by the filter',
  async () => {
    const asked: unknown[] = [];
    server.use(
      http.get(LIST, () => HttpResponse.json(page(0, 3, null, 100_000))),
      http.post('*/api/v1/bulk-operations', async ({ request }) => {
        asked.push(await request.json());
        return HttpResponse.json({
          examined: 100_000,
          complete: true,
          would_change: 99_000,
          unchanged: 1_000,
          refused: 0,
          would_change_sample: [],
          unchanged_sample: [],
          refusals: [],
          dry_run: true,
        });
      }),
    );
    const { user } = renderAt('/super-admin/tenants?q=tenant');
    await screen.findByText('Tenant 0', {}, { timeout: SLOW_MS / 2 });
    await user.click(screen.getByRole('checkbox', { name: 'Select all that are loaded' }));
    const bar = await screen.findByRole('region', { name: 'Actions for the selected tenants' });
    expect(within(bar).getByText('3 selected')).toBeVisible();
    await user.click(within(bar).getByRole('button', { name: 'Select all 100,000 matching' }));
    await user.click(within(bar).getByRole('button', { name: 'More' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Suspend' }));
    expect(await screen.findByRole('button', { name: 'Suspend · 99,000' })).toBeEnabled();
    expect(asked).toEqual([{ command: { type: 'suspend' }, filter: { q: 'tenant' } }]);
  },
  SLOW_MS,
);

test(
  'only the rows in sight are in the document',
  async () => {
    server.use(http.get(LIST, () => HttpResponse.json(page(0, 100, 'next', 100_000))));
    renderAt('/super-admin/tenants');
    const table = await screen.findByRole('table', { name: 'Tenants' }, { timeout: SLOW_MS / 2 });
    expect(table).toHaveAttribute('aria-rowcount', '100001');
    expect(within(table).getAllByRole('row').length).toBeLessThan(60);
  },
  SLOW_MS,
);

test(
  'none yet, no match and a failure each have their own words',
  async () => {
    server.use(http.get(LIST, () => HttpResponse.json(empty)));
    const first = renderAt('/super-admin/tenants');
    expect(await screen.findByRole('heading', { name: 'No tenants yet' }, { timeout: SLOW_MS / 2 })).toBeVisible();
    first.unmount();
    const second = renderAt('/super-admin/tenants?q=nobody');
    expect(await screen.findByRole('heading', { name: 'Nothing matches.' })).toBeVisible();
    second.unmount();
    server.use(http.get(LIST, () => HttpResponse.error()));
    renderAt('/super-admin/tenants');
    expect(await screen.findByRole('alert')).toHaveTextContent('This could not be loaded.');
  },
  SLOW_MS,
);
