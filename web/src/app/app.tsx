import { MantineProvider } from '@mantine/core';
import { Notifications, notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createBrowserHistory } from '@tanstack/react-router';
import { Suspense, useEffect, useState } from 'react';
import { onReachabilityChange, reachability } from '@/api/reachability.ts';
import { personOn } from '@/api/token.ts';
import { makeQueryClient } from '@/app/query-client.ts';
import { makeRouter } from '@/app/router.tsx';
import { cssVariables, theme } from '@/app/theme.ts';
import { MessagesProvider, spokenMessages } from '@/i18n/messages.tsx';
import { useSession } from '@/session/session.tsx';
import { Hints } from '@/ui/hints.tsx';
import { lazyPart } from '@/ui/loaded-again.tsx';
import { notifyProblem } from '@/ui/notify.tsx';

const loadSignInAgain = () => import('@/session/sign-in-again.tsx');
const SignInAgain = lazyPart(loadSignInAgain);

// One for all routers there will be: it listens to the browser's.
const history = createBrowserHistory();

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <MessagesProvider>
        <Notifications position="top-center" limit={4} />
        <OfWhoeverIsHere />
        <Hints />
      </MessagesProvider>
    </MantineProvider>
  );
}

/**
 * When somebody signs out, or somebody else in, everything begins anew: what was read, what was typed, what was under way
 * and what could be undone was the one's before, and none of it is shown to, or done by, the one after.
 */
function OfWhoeverIsHere() {
  const session = useSession();
  const userId = personOn(session)?.userId ?? null;
  const [last, setLast] = useState({ userId, turn: 0 });
  if (userId !== last.userId) setLast({ userId, turn: last.userId === null ? last.turn : last.turn + 1 });
  // It is not known yet whose page it is.
  if (session.kind === 'starting') return null;
  return <Routed key={last.turn} userId={userId} isExpired={session.kind === 'expired'} />;
}

function Routed({ userId, isExpired }: { userId: string | null; isExpired: boolean }) {
  const [{ queryClient, router }] = useState(begin);
  useEffect(() => {
    void router.invalidate();
    // It has to be here when the session ends, and is nobody's first load.
    if (userId !== null) void loadSignInAgain().catch(() => undefined);
  }, [userId, router]);
  useEffect(() => {
    const stopListening = onReachabilityChange(() => {
      if (reachability() === 'reachable') void queryClient.invalidateQueries();
    });
    return () => {
      stopListening();
      queryClient.clear();
      notifications.clean();
    };
  }, [queryClient]);
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      {isExpired && (
        <Suspense>
          <SignInAgain />
        </Suspense>
      )}
    </QueryClientProvider>
  );
}

function begin() {
  const queryClient = makeQueryClient((error) => notifyProblem(error, spokenMessages()));
  return { queryClient, router: makeRouter(queryClient, history) };
}
