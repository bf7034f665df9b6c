import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { LoggedEvent } from '@modplane/client';
import { mergePatch } from '@/audit/undo.ts';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const event = (id: number, fields: Partial<LoggedEvent> = {}): LoggedEvent => ({
  event_id: `00000000-0000-0000-0000-${String(id).padStart(12, '0')}`,
  type: 'tenant.module.deactivated',
  occurred_at: new Date(Date.UTC(2026, 10, 1, 12) - id * 60_000).toISOString(),
  stream: 'registry:billing',
  sequence: 7,
  organization_id: null,
  module_id: 'billing',
  user_id: 'person-1',
  operation_id: '00000000-0000-0000-0000-00000000000a',
  reason: null,
  payload: { module_id: 'billing' },
  position: `${id}-${id}`,
  ...fields,
});

const page = (items: readonly LoggedEvent[]) => HttpResponse.json({ items, next_cursor: null, position: '9-0' });
const nothing = () => HttpResponse.json({ items: [], next_cursor: null });

/** The page's chunk is transformed when it is first asked for. */
const PATIENT = { timeout: 15_000 };

let asked: URL[] = [];
let events: readonly LoggedEvent[] = [];

beforeEach(() => {
  asked = [];
  server.use(
    http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
    http.get('*/api/v1/events', ({ request }) => {
      asked.push(new URL(request.url));
      return page(events);
    }),
    http.get('*/api/v1/module-registry', () =>
      HttpResponse.json({ items: [{ module_id: 'billing', module_name: 'Billing', metadata: {} }], next_cursor: null }),
    ),
    http.get('*/api/v1/industries', nothing),
    http.get('*/api/v1/organizations', nothing),
    http.get('*/api/v1/users', nothing),
  );
});

test('an event is a sentence, and says what was before when it is opened', async () => {
  events = [
    event(1, { type: 'tenant.module.updated', payload: { changes: { version: { before: '1', after: '2' } } } }),
  ];
  const { user, router } = renderAt('/super-admin/audit');
  const row = await screen.findByRole('article', {}, PATIENT);
  await waitFor(() => expect(row).toHaveTextContent('You changed version of Billing'));
  await user.click(within(row).getByRole('button', { name: 'Show details' }));
  expect(within(row).getByText('"1"')).toBeVisible();
  expect(within(row).getByText('"2"')).toBeVisible();
  expect(router.state.location.search).toMatchObject({ event: events[0]?.event_id });
});

test('the address is the filter, and without a match it can be cleared', async () => {
  events = [];
  const { user, router } = renderAt('/super-admin/audit?module=billing&type=a.b,c.d&actor=ada');
  await screen.findByRole('heading', { name: 'Nothing matches.' }, PATIENT);
  await user.click(first());
  await waitFor(() => expect(router.state.location.search).toEqual({}));
  const words = asked[0]?.searchParams;
  expect([words?.get('module_id'), words?.get('user_id'), words?.getAll('type')]).toEqual([
    'billing',
    'ada',
    ['a.b', 'c.d'],
  ]);
  expect(await screen.findByText('Nothing has happened yet')).toBeVisible();
});

const first = () => {
  const [button] = screen.getAllByRole('button', { name: 'Clear filters' });
  if (button === undefined) throw new Error('There is no such button.');
  return button;
};

test('what comes meanwhile waits for a click, so that nothing moves', async () => {
  events = [event(2)];
  const { user, queryClient } = renderAt('/super-admin/audit');
  await screen.findByRole('article', {}, PATIENT);
  events = [event(1), event(2)];
  await queryClient.invalidateQueries();
  const fresh = await screen.findByRole('button', { name: '1 new' });
  expect(screen.getAllByRole('article')).toHaveLength(1);
  await user.click(fresh);
  await waitFor(() => expect(screen.getAllByRole('article')).toHaveLength(2));
});

test('undoing sends the inverse with what it is for, after asking', async () => {
  events = [event(1)];
  let reason: string | null = null;
  server.use(
    http.post('*/api/v1/module-registry/billing/activate', ({ request }) => {
      reason = new URL(request.url).searchParams.get('reason');
      return HttpResponse.json({ operation_id: 'x' });
    }),
  );
  const { user } = renderAt(`/super-admin/audit?event=${event(1).event_id}`);
  await user.click(await screen.findByRole('button', { name: 'Undo this' }, PATIENT));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText(/takes effect again/)).toBeVisible();
  await user.click(within(dialog).getByRole('button', { name: 'Undo this' }));
  await waitFor(() => expect(reason).toContain(event(1).event_id));
});

test('a failure says so, and another try helps', async () => {
  let fails = true;
  server.use(
    http.get('*/api/v1/events', () =>
      fails
        ? HttpResponse.json(
            { type: 'urn:modplane:problem:x', title: 'Bad Request', status: 400, detail: 'Not so.', instance: '/' },
            { status: 400, headers: { 'Content-Type': 'application/problem+json' } },
          )
        : page([event(1)]),
    ),
  );
  const { user } = renderAt('/super-admin/audit');
  expect(await screen.findByText('Not so.', {}, PATIENT)).toBeVisible();
  fails = false;
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('article', {}, PATIENT)).toBeVisible();
});

test('a config goes back by a merge patch', () => {
  expect(mergePatch({ a: 1, b: { c: 2, d: 3 }, e: 5 }, { a: 1, b: { c: 4 }, f: 6 })).toEqual({
    b: { c: 4, d: null },
    e: null,
    f: 6,
  });
});
