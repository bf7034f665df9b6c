import { screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { BulkItem, BulkProgress } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const ID = '00000000-0000-0000-0000-00000000000b';
const ONE = `*/api/v1/bulk-operations/${ID}`;
/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;

const bulk = (status: BulkProgress['status'], counts: Partial<BulkProgress['counts']>): BulkProgress => ({
  bulk_operation_id: ID,
  status,
  command: { type: 'suspend' },
  filter: null,
  created_by: 'person-1',
  created_at: '2026-01-01T00:00:00Z',
  finished_at: status === 'cancelled' || status === 'finished' ? '2026-01-01T00:01:00Z' : null,
  reason: null,
  total: 4,
  counts: { applied: 0, unchanged: 0, rejected: 0, failed: 0, cancelled: 0, waiting: 0, ...counts },
  refusals: [],
});

const item = (number: number, outcome: BulkItem['outcome']): BulkItem => ({
  organization_id: `0000-${number}`,
  organization_name: `Tenant ${number}`,
  outcome,
  code: null,
  detail: null,
  operation_id: `0001-${number}`,
});

let now: BulkProgress;
let items: readonly BulkItem[];

beforeEach(() => {
  server.use(
    http.get('*/api/v1/industries', () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get('*/api/v1/module-registry', () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
    http.get(ONE, () => HttpResponse.json(now)),
    http.get(`${ONE}/items`, () => HttpResponse.json({ items, next_cursor: null })),
  );
});

test(
  'what waits can be cancelled, and what was done before is said to be done',
  async () => {
    now = bulk('running', { applied: 1, waiting: 3 });
    items = [item(1, 'applied'), item(2, null), item(3, null), item(4, null)];
    server.use(
      http.post(`${ONE}/cancel`, () => {
        now = bulk('cancelled', { applied: 1, cancelled: 3 });
        items = [item(1, 'applied'), item(2, 'cancelled'), item(3, 'cancelled'), item(4, 'cancelled')];
        return HttpResponse.json(now, { status: 202 });
      }),
    );
    const { user } = renderAt(`/super-admin/bulk/${ID}`);
    expect(await screen.findByText('1 of 4 decided', {}, { timeout: SLOW_MS / 2 })).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Retry/ })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Cancel the rest' }));
    expect(await screen.findByText('Cancelled 3')).toBeVisible();
    expect(screen.getByText('Changed 1')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Cancel the rest' })).toBeNull();
  },
  SLOW_MS,
);

test(
  'those refused are tried again together, and the others are left alone',
  async () => {
    now = bulk('finished', { applied: 2, rejected: 1, failed: 1 });
    items = [item(1, 'applied'), item(2, 'applied'), item(3, 'rejected'), item(4, 'failed')];
    server.use(
      http.post(`${ONE}/retry`, () => {
        now = bulk('finished', { applied: 4 });
        items = items.map((one) => ({ ...one, outcome: 'applied' }));
        return HttpResponse.json(now, { status: 202 });
      }),
    );
    const { user } = renderAt(`/super-admin/bulk/${ID}`);
    const row = await screen.findByRole('row', { name: /Tenant 3/ }, { timeout: SLOW_MS / 2 });
    expect(within(row).getByText('Refused')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Retry the 2 refused tenants' }));
    expect(await screen.findByText('2 tenants are tried again')).toBeVisible();
    expect(await screen.findByText('Changed 4')).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Retry/ })).toBeNull();
  },
  SLOW_MS,
);

test(
  'a refusal, of which no event tells, is in the list as soon as it is counted',
  async () => {
    now = { ...bulk('selecting', {}), total: 0 };
    items = [];
    renderAt(`/super-admin/bulk/${ID}`);
    expect(await screen.findByText('Selecting the tenants…', {}, { timeout: SLOW_MS / 2 })).toBeVisible();
    now = bulk('running', { waiting: 4 });
    items = [item(1, null), item(2, null), item(3, null), item(4, null)];
    expect(await screen.findByRole('row', { name: /Tenant 1 Waiting/ }, { timeout: SLOW_MS / 2 })).toBeVisible();
    now = bulk('finished', { unchanged: 3, rejected: 1 });
    items = [item(1, 'rejected'), item(2, 'unchanged'), item(3, 'unchanged'), item(4, 'unchanged')];
    expect(await screen.findByRole('row', { name: /Tenant 1 Refused/ }, { timeout: SLOW_MS / 2 })).toBeVisible();
    expect(screen.queryByText('No tenant is here.')).toBeNull();
    expect(screen.getByRole('button', { name: 'Retry the refused tenant' })).toBeVisible();
  },
  SLOW_MS,
);
