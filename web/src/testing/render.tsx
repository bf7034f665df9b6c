import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRouter } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { signedIn, signedOut } from '@/api/token.ts';
import { makeQueryClient } from '@/app/query-client.ts';
import { makeRouter } from '@/app/router.tsx';
import { cssVariables, theme } from '@/app/theme.ts';
import { en } from '@/i18n/en.ts';
import { MessagesProvider } from '@/i18n/messages.tsx';
import { notifyProblem } from '@/ui/notify.tsx';

const base64 = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('=', '');

/** An access token as the service would give it, but for the signature, which the UI never looks at. */
export function tokenFor(role: 'super_admin' | 'organization_admin', organizationId: string | null = null): string {
  return `${base64({ alg: 'HS256' })}.${base64({ sub: 'person-1', role, org: organizationId })}.signature`;
}

/** The whole UI at an address, as a super admin unless said otherwise, with a fresh cache and no retries. */
export function renderAt(address: string, as: string | null = tokenFor('super_admin')) {
  if (as === null) signedOut(false);
  else signedIn(as);
  const queryClient = makeQueryClient((error) => notifyProblem(error, en));
  queryClient.setDefaultOptions({ queries: { retry: false, staleTime: 0 }, mutations: { retry: false } });
  const made = makeRouter(queryClient);
  const router = createRouter({ ...made.options, history: createMemoryHistory({ initialEntries: [address] }) });
  const user = userEvent.setup();
  const view = render(
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} env="test">
      <MessagesProvider initial="en">
        <Notifications />
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MessagesProvider>
    </MantineProvider>,
  );
  return { ...view, user, router, queryClient };
}
