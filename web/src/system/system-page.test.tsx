import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { DeadLetterDetails, SystemStatus } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const well = { state: 'ok', since: null } as const;

const status: SystemStatus = {
  state: 'degraded',
  checked_at: '2026-11-01T12:00:00Z',
  answered_by: 'one',
  postgres: { ...well, code: 'answers', answer_ms: 1.25, version: '18' },
  redis: { ...well, code: 'answers', answer_ms: 2, version: '8', replicas: 2, replicas_without: 0 },
  kafka: {
    state: 'down',
    code: 'unreachable',
    since: '2026-11-01T11:00:00Z',
    answer_ms: null,
    version: null,
    replicas: 2,
    replicas_without: 2,
  },
  relay: { ...well, code: 'publishing', waiting: 311, oldest_seconds: 60, leader: 'one' },
  consumers: {
    ...well,
    code: 'behind',
    lag: 5,
    groups: [{ group: 'g', members: 2, lag: 5, topics: [{ topic: 't', lag: 5 }] }],
  },
  dead_letters: { ...well, code: 'open', open: { command: 1, event: 0, relay: 0 } },
  operations: { ...well, code: 'none_pending', pending: 0, oldest_pending_seconds: 0, waiting_requests: 0 },
  cache: { ...well, code: 'measured', hit_ratio: 0.975, hits: 39, misses: 1, bypasses: 0 },
  replicas: { ...well, code: 'running', items: [] },
  module_types: { ...well, code: 'same', unlisted: [], unregistered: [] },
};

const letter: DeadLetterDetails = {
  id: '00000000-0000-0000-0000-000000000001',
  kind: 'relay',
  status: 'open',
  context: 'registry',
  source: 'outbox',
  key: 'k',
  subject_id: null,
  error: 'The broker refuses it.',
  retries: 3,
  created_at: '2026-11-01T11:00:00Z',
  handled_at: null,
  handled_by: null,
  reason: null,
  body: '{"a":1}',
  body_bytes: 7,
  body_is_cut: false,
  operation_status: null,
  waiting_events: 4,
};

beforeEach(() => {
  server.use(
    http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
    http.get('*/api/v1/system/status', () => HttpResponse.json(status)),
    http.get('*/api/v1/system/dead-letters', () => HttpResponse.json({ items: [letter], next_cursor: null })),
    http.get('*/api/v1/system/dead-letters/:id', () => HttpResponse.json(letter)),
    http.get('*/api/v1/operations', () => HttpResponse.json({ items: [], next_cursor: null })),
  );
});

test('a part that is away says since when, and what still works', async () => {
  renderAt('/super-admin/system');
  const kafka = within(await screen.findByRole('group', { name: 'Kafka' }, { timeout: 15_000 }));
  expect(kafka.getByText('Down')).toBeVisible();
  expect(kafka.getByText(/Replicas that cannot reach it decide commands themselves/)).toBeVisible();
  expect(
    screen.getAllByText(/Kafka does not answer: writes are decided without it, 311 events waiting\./),
  ).toHaveLength(2);
  expect(within(screen.getByRole('group', { name: 'Relay' })).getByText('311')).toBeVisible();
  expect(within(screen.getByRole('group', { name: 'PostgreSQL' })).getByText('1.3 ms')).toBeVisible();
  expect(screen.getByText('t: 5')).toBeVisible();
});

test('a dead letter is dropped for a reason alone', async () => {
  let reason: string | null = null;
  server.use(
    http.post('*/api/v1/system/dead-letters/:id/drop', ({ request }) => {
      reason = new URL(request.url).searchParams.get('reason');
      return HttpResponse.json({ ...letter, status: 'dropped' });
    }),
  );
  const { user } = renderAt('/super-admin/system');
  await user.click(await screen.findByRole('button', { name: 'Show the record' }, { timeout: 15_000 }));
  expect(await screen.findByText('4 events with the same key wait behind it.')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Drop' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(dialog.getByRole('button', { name: 'Drop' })).toBeDisabled();
  await user.type(dialog.getByLabelText(/Reason/), 'sent twice');
  await user.click(dialog.getByRole('button', { name: 'Drop' }));
  await waitFor(() => expect(reason).toBe('sent twice'));
});

test('the last known state stays when the service stops answering, and is marked', async () => {
  const { queryClient } = renderAt('/super-admin/system');
  await screen.findByRole('group', { name: 'Kafka' }, { timeout: 15_000 });
  server.use(http.get('*/api/v1/system/status', () => HttpResponse.error()));
  await queryClient.invalidateQueries();
  expect(await screen.findByText(/last known state/)).toBeVisible();
  expect(screen.getByRole('group', { name: 'Kafka' })).toBeVisible();
});
