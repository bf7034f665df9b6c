import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { ModuleDetails } from '@modplane/client';
import { renderAt } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const LIST = '*/api/v1/module-registry';
/** jsdom looks for roles slowly, and machines may be busy. */
const SLOW_MS = 60_000;
const PATIENT = { timeout: SLOW_MS / 2 };

const module = (id: string, fields: Partial<ModuleDetails> = {}): ModuleDetails => ({
  module_id: id,
  module_name: id,
  description: '',
  category: 'Office',
  service_name: 'office-service',
  api_endpoint: `/${id}`,
  version: '1.0.0',
  metadata: {},
  default_config: {},
  config_schema: null,
  is_active: true,
  sequence: 4,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  ...fields,
});

const problem = (status: number, fields: object) =>
  HttpResponse.json(
    { type: 'urn:modplane:problem:refused', title: 'Refused', status, detail: '', instance: '/', ...fields },
    { status, headers: { 'Content-Type': 'application/problem+json', 'Modplane-Operation-Id': 'op-7' } },
  );

let modules: ModuleDetails[] = [];

beforeEach(() => {
  modules = [module('ledger'), module('archive', { category: 'Stores' }), module('survey')];
  server.use(
    http.get('*/api/v1/events/stream', () => new HttpResponse(null, { status: 503 })),
    http.get('*/api/v1/events', () => HttpResponse.json({ items: [], next_cursor: null, position: '0-0' })),
    http.get('*/api/v1/users', () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get('*/api/v1/usage/modules', () => HttpResponse.json({ since: '2026-01-01', items: [] })),
    http.get(LIST, () =>
      HttpResponse.json({ items: modules, next_cursor: null, total: { count: modules.length, is_exact: true } }),
    ),
  );
});

const rows = async () => within(await screen.findByRole('table', { name: 'Modules' }, PATIENT)).findAllByRole('link');
const names = async () => (await rows()).map((link) => link.textContent);

test(
  'none yet, no match and a failure each have their own words',
  async () => {
    const first = renderAt('/super-admin/modules?q=nobody');
    expect(await screen.findByRole('heading', { name: 'Nothing matches.' }, PATIENT)).toBeVisible();
    first.unmount();
    modules = [];
    const second = renderAt('/super-admin/modules');
    expect(await screen.findByRole('heading', { name: 'No modules yet' }, PATIENT)).toBeVisible();
    second.unmount();
    server.use(http.get(LIST, () => HttpResponse.error()));
    renderAt('/super-admin/modules');
    expect(await screen.findByRole('alert', {}, PATIENT)).toHaveTextContent('This could not be loaded.');
  },
  SLOW_MS,
);

test(
  'a switch that is refused goes back, and the refusal is told',
  async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    modules = [module('ledger', { is_active: false })];
    server.use(
      http.post('*/api/v1/module-registry/ledger/activate', async () => {
        await held;
        return problem(409, { detail: 'It may not be activated now.' });
      }),
    );
    const { user } = renderAt('/super-admin/modules');
    const toggle = await screen.findByRole('switch', { name: 'ledger is active' }, PATIENT);
    await user.click(toggle);
    await waitFor(() => expect(toggle).toBeChecked());
    release();
    await waitFor(() => expect(toggle).not.toBeChecked());
    expect(await screen.findByText('It may not be activated now.')).toBeVisible();
    expect(screen.getByText(/op-7/)).toBeVisible();
  },
  SLOW_MS,
);

test(
  'the order stands in the address, and is taken from there',
  async () => {
    const { user, router } = renderAt('/super-admin/modules?sort=category&desc=true');
    expect(await names()).toEqual(['archive', 'survey', 'ledger']);
    await user.click(screen.getByTitle('Sort by Category'));
    await waitFor(async () => expect(await names()).toEqual(['ledger', 'survey', 'archive']));
    await waitFor(() => expect(router.state.location.search).toEqual({ sort: 'category' }));
    await user.click(screen.getByTitle('Sort by Module'));
    await waitFor(() => expect(router.state.location.search).toEqual({}));
    expect(await names()).toEqual(['archive', 'ledger', 'survey']);
  },
  SLOW_MS,
);

test(
  'categories that there are are suggested, and colour and icon are sent with the rest',
  async () => {
    const sent: unknown[] = [];
    server.use(
      http.post(LIST, async ({ request }) => {
        const body = (await request.json()) as ModuleDetails;
        sent.push(body.metadata, body.category);
        modules = [...modules, { ...module(body.module_id), ...body }];
        return HttpResponse.json({ ...module(body.module_id), ...body, status: 'applied' }, { status: 201 });
      }),
    );
    const { user } = renderAt('/super-admin/modules?form=new');
    const form = await screen.findByRole('dialog', { name: 'Add a module' }, PATIENT);
    await user.type(within(form).getByLabelText(/^Name/), 'Till');
    await user.click(within(form).getByLabelText(/^Category/, { selector: 'input' }));
    await user.click(await screen.findByRole('option', { name: 'Stores' }));
    await user.type(within(form).getByLabelText(/^Service/, { selector: 'input' }), 'tills');
    await user.type(within(form).getByLabelText(/^Endpoint/), '/tills');
    await user.type(within(form).getByLabelText('Colour'), '#087f5b');
    await user.click(within(form).getByRole('button', { name: 'Add module' }));
    expect(await screen.findByRole('dialog', { name: 'Till' }, PATIENT)).toBeVisible();
    expect(sent).toEqual([{ color: '#087f5b' }, 'Stores']);
  },
  SLOW_MS,
);

test(
  'who saves second keeps what they typed, and sees who was first',
  async () => {
    const theirs = module('ledger', { version: '2.0.0', category: 'Theirs', sequence: 5 });
    const ifMatch: (string | null)[] = [];
    server.use(
      http.patch('*/api/v1/module-registry/ledger', ({ request }) => {
        ifMatch.push(request.headers.get('If-Match'));
        return ifMatch.length > 1
          ? HttpResponse.json({ ...theirs, status: 'applied', sequence: 6 })
          : problem(412, {
              current: theirs,
              events: [
                {
                  type: 'tenant.module.updated',
                  user_id: 'person-2',
                  occurred_at: '2026-01-01T00:00:00Z',
                  sequence: 5,
                },
              ],
            });
      }),
      http.get('*/api/v1/users', () =>
        HttpResponse.json({ items: [{ id: 'person-2', email: 'ana@example.com', name: 'Ana' }], next_cursor: null }),
      ),
    );
    const { user } = renderAt('/super-admin/modules?module=ledger&form=edit');
    const form = await screen.findByRole('dialog', { name: 'Edit ledger' }, PATIENT);
    const version = within(form).getByRole('textbox', { name: /^Version/ });
    await user.clear(version);
    await user.type(version, '3.0.0');
    await user.click(within(form).getByRole('button', { name: 'Save' }));
    const conflict = await within(form).findByRole('alert', {}, PATIENT);
    expect(conflict).toHaveTextContent('Somebody else saved first');
    await waitFor(() => expect(conflict).toHaveTextContent('Ana'));
    expect(version).toHaveValue('3.0.0');
    expect(within(form).getByLabelText(/^Category/, { selector: 'input' })).toHaveValue('Theirs');
    await user.click(within(form).getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(ifMatch).toEqual(['"4"', '"5"']));
  },
  SLOW_MS,
);

test(
  'arrows lead from row to row, and n begins a new module that is not left by accident',
  async () => {
    const { user, router } = renderAt('/super-admin/modules');
    const [first, second] = await rows();
    first?.focus();
    await user.keyboard('{ArrowDown}');
    expect(second).toHaveFocus();
    await user.keyboard('{ArrowUp}');
    expect(first).toHaveFocus();
    await user.keyboard('n');
    const form = await screen.findByRole('dialog', { name: 'Add a module' }, PATIENT);
    await user.type(within(form).getByLabelText(/^Name/), 'Till');
    await user.keyboard('{Escape}');
    const asked = await screen.findByRole('dialog', { name: 'Discard your changes?' }, PATIENT);
    await user.click(within(asked).getByRole('button', { name: 'Cancel' }));
    expect(within(form).getByLabelText(/^Name/)).toHaveValue('Till');
    expect(router.state.location.search).toEqual({ form: 'new' });
  },
  SLOW_MS,
);
