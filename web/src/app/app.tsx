import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { makeQueryClient } from '@/app/query-client.ts';
import { makeRouter } from '@/app/router.tsx';
import { cssVariables, theme } from '@/app/theme.ts';
import { MessagesProvider, spokenMessages } from '@/i18n/messages.tsx';
import { useSession } from '@/session/session.tsx';
import { Hints } from '@/ui/hints.tsx';
import { notifyProblem } from '@/ui/notify.tsx';

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <MessagesProvider>
        <Notifications position="bottom-right" limit={4} />
        <Routed />
        <Hints />
      </MessagesProvider>
    </MantineProvider>
  );
}

function Routed() {
  const queryClient = useMemo(() => makeQueryClient((error) => notifyProblem(error, spokenMessages())), []);
  const router = useMemo(() => makeRouter(queryClient), [queryClient]);
  const session = useSession();
  useEffect(() => {
    if (session.kind === 'signed-out') queryClient.clear();
    void router.invalidate();
  }, [session, router, queryClient]);
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
