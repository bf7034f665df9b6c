import { screen, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import type { IndustryDetails } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;
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

const tenant = (number: number, version: number) => ({ organization_id: `0-${number}`, name: `T${number}`, version });

test(
  'those on older versions are updated, and no others; their number is the number of those selected',
  async () => {
    const bodies: unknown[] = [];
    const listed: (string | null)[] = [];
    server.use(
      http.get('*/api/v1/industries/bakeries', () => HttpResponse.json(bakeries)),
      http.patch('*/api/v1/industries/bakeries', () => HttpResponse.error()),
      http.get('*/api/v1/industries/bakeries/modules', () =>
        HttpResponse.json({ industry_code: 'bakeries', industry_name: 'Bakeries', version: 3, items: [] }),
      ),
      http.get('*/api/v1/industries/bakeries/organizations', ({ request }) => {
        const version = new URL(request.url).searchParams.get('version');
        listed.push(version);
        const older = [tenant(1, 1), tenant(2, 2)];
        return HttpResponse.json({ items: version === 'older' ? older : [...older, tenant(3, 3)], next_cursor: null });
      }),
      http.get('*/api/v1/module-registry', () => HttpResponse.json({ items: [], next_cursor: null })),
      http.get('*/api/v1/usage/industries', () =>
        // It may be a moment behind what a filter selects.
        HttpResponse.json({ items: [{ industry_code: 'bakeries', version: 3, on_current: 4, on_older: 7 }] }),
      ),
      http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
      http.post('*/api/v1/bulk-operations', async ({ request }) => {
        const body = (await request.json()) as { organization_ids?: readonly string[] };
        bodies.push(body);
        const examined = body.organization_ids?.length ?? 2;
        const nobody = { would_change_sample: [], unchanged_sample: [], refusals: [] };
        const counts = { examined, would_change: examined, unchanged: 0, refused: 0 };
        return HttpResponse.json({ dry_run: true, complete: true, ...counts, ...nobody });
      }),
    );
    const { user } = renderAt('/super-admin/industries/bakeries');
    await user.click(await screen.findByRole('button', { name: 'Update tenants…' }, { timeout: SLOW_MS / 2 }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByRole('button', { name: 'Update 2 tenants' })).toBeEnabled();
    expect(dialog.getByRole('radio', { name: 'All 2 tenants on older versions' })).toBeChecked();
    const command = { type: 'apply_industry', industry_code: 'bakeries' };
    expect(bodies).toEqual([{ command, filter: { template_code: 'bakeries', template_version: { older_than: 3 } } }]);
    await user.click(dialog.getByRole('radio', { name: 'Some of them' }));
    await user.click(await dialog.findByRole('checkbox', { name: 'T2' }));
    expect(dialog.queryByRole('checkbox', { name: 'T3' })).toBeNull();
    expect(listed).toContain('older');
    expect(await dialog.findByRole('button', { name: 'Update 1 tenant' })).toBeEnabled();
    expect(bodies.at(-1)).toEqual({ command, organization_ids: ['0-2'] });
  },
  SLOW_MS,
);
