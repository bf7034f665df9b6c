import { screen, waitFor } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderAt, tokenFor } from '@/testing/render.tsx';
import { server } from '@/testing/server.ts';

const LOGIN = '*/api/v1/auth/login';

async function signInAs(user: ReturnType<typeof renderAt>['user']) {
  await user.type(await screen.findByLabelText('E-mail'), 'ada@acme.example');
  await user.type(screen.getByLabelText('Password', { selector: 'input' }), 'correct horse battery');
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
}

test('who is not signed in is led to the sign-in and on to where they wanted to go', async () => {
  server.use(
    http.post(LOGIN, () =>
      HttpResponse.json({
        access_token: tokenFor('organization_admin', 'o-1'),
        token_type: 'bearer',
        expires_in: 900,
      }),
    ),
  );
  const { user, router } = renderAt('/super-admin/audit?actor=ada', null);
  await signInAs(user);
  expect(await screen.findByRole('heading', { name: 'This page is for super admins' })).toBeVisible();
  expect(router.state.location.href).toBe('/super-admin/audit?actor=ada');
});

test('a wrong password is said at its field and keeps what was typed', async () => {
  server.use(
    http.post(LOGIN, () =>
      HttpResponse.json(
        { type: 'urn:modplane:problem:wrong', title: 'Unauthorized', status: 401, detail: 'No.', instance: '/' },
        { status: 401 },
      ),
    ),
  );
  const { user } = renderAt('/login', null);
  await signInAs(user);
  expect(await screen.findByText('E-mail or password is wrong.')).toBeVisible();
  expect(screen.getByLabelText('E-mail')).toHaveValue('ada@acme.example');
});

test('an address of another site is not followed after signing in', async () => {
  server.use(
    http.post(LOGIN, () =>
      HttpResponse.json({ access_token: tokenFor('organization_admin', 'o-1'), token_type: 'bearer', expires_in: 900 }),
    ),
  );
  const { user, router } = renderAt('/login?next=%2F%2Fevil.example', null);
  await signInAs(user);
  await waitFor(() => expect(router.state.location.pathname).toBe('/organization'));
});

test('a closed signup is said instead of leading to it', async () => {
  server.use(http.get('*/api/v1/organizations/signup', () => HttpResponse.json({ status: 'closed' })));
  renderAt('/login', null);
  expect(await screen.findByText(/Accounts are given out by the operator/)).toBeVisible();
  expect(screen.queryByRole('link', { name: 'Create an organization' })).toBeNull();
});

test('an open signup is one click away', async () => {
  renderAt('/login', null);
  expect(await screen.findByRole('link', { name: 'Create an organization' })).toBeVisible();
});
