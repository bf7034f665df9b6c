import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import type { IndustryDetails } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;
const PATIENT = { timeout: SLOW_MS / 2 };
const AT = '2026-01-01T00:00:00Z';

const bakeries: IndustryDetails = {
  industry_code: 'bakeries',
  industry_name: 'Bakeries',
  description: 'Bread.',
  is_active: true,
  version: 3,
  module_count: 0,
  required_count: 0,
  applicable: true,
  blocked_by: [],
  blocking: [],
  sequence: 7,
  created_at: AT,
  updated_at: AT,
};

test(
  'who saves second keeps what they typed, takes over the rest, and sees who was first',
  async () => {
    const theirs = { ...bakeries, industry_name: 'Bakers', description: 'Bread and rolls.', sequence: 8 };
    const sent: unknown[] = [];
    server.use(
      http.get('*/api/v1/industries/bakeries', () => HttpResponse.json(bakeries)),
      http.get('*/api/v1/industries/bakeries/modules', () =>
        HttpResponse.json({ industry_code: 'bakeries', industry_name: 'Bakeries', version: 3, items: [] }),
      ),
      http.get('*/api/v1/module-registry', () => HttpResponse.json({ items: [], next_cursor: null })),
      http.get('*/api/v1/usage/industries', () => HttpResponse.json({ items: [] })),
      http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
      http.get('*/api/v1/users', () =>
        HttpResponse.json({ items: [{ id: 'person-2', email: 'ana@example.com', name: 'Ana' }], next_cursor: null }),
      ),
      http.patch('*/api/v1/industries/bakeries', async ({ request }) => {
        if (new URL(request.url).searchParams.has('dry_run')) return HttpResponse.error();
        sent.push([request.headers.get('If-Match'), await request.json()]);
        if (sent.length > 1) return HttpResponse.json({ ...theirs, modules: [], operation_id: 'o', status: 'applied' });
        const event = { type: 'tenant.industry.updated', user_id: 'person-2', occurred_at: AT, sequence: 8 };
        const problem = { type: 'urn:modplane:problem:precondition_failed', title: 'Precondition Failed', status: 412 };
        return HttpResponse.json(
          { ...problem, detail: 'The state is at sequence 8.', current: theirs, events: [event] },
          { status: 412, headers: { 'Content-Type': 'application/problem+json' } },
        );
      }),
    );
    const { user } = renderAt('/super-admin/industries/bakeries');
    await user.click(await screen.findByRole('button', { name: 'Edit' }, PATIENT));
    const dialog = within(await screen.findByRole('dialog', {}, PATIENT));
    await user.clear(dialog.getByLabelText('Name'));
    await user.type(dialog.getByLabelText('Name'), 'Baking');
    await user.click(dialog.getByRole('button', { name: 'Save' }));
    const conflict = await dialog.findByRole('alert', {}, PATIENT);
    expect(conflict).toHaveTextContent('Somebody else saved first');
    await waitFor(() => expect(conflict).toHaveTextContent('Ana'));
    expect(dialog.getByLabelText('Name')).toHaveValue('Baking');
    expect(dialog.getByLabelText('Description')).toHaveValue('Bread and rolls.');
    await user.click(dialog.getByRole('button', { name: 'Save' }));
    await waitFor(() =>
      expect(sent).toEqual([
        ['"7"', { industry_name: 'Baking' }],
        ['"8"', { industry_name: 'Baking' }],
      ]),
    );
  },
  SLOW_MS,
);
