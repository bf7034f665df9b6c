import { MutationCache, QueryClient } from '@tanstack/react-query';
import { problemOf } from '@/api/client.ts';

const RETRIES = 2;

/** A refusal stays one, however often it is asked for; an outage may pass, but not before there is a network. */
export function worthRetrying(failures: number, error: unknown): boolean {
  const problem = problemOf(error);
  if (!navigator.onLine && (problem === null || problem.status === 0)) return false;
  return (
    failures < RETRIES && (problem === null || problem.status === 0 || problem.status >= 500 || problem.status === 429)
  );
}

/**
 * Every write makes what is on screen be read again: nothing else has to know what touches what. The write does not wait
 * for that: what a screen needs at once it takes from the answer.
 */
export function makeQueryClient(onProblem: (error: unknown) => void): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    defaultOptions: {
      // 'always': without a network what is asked for fails at once. Else reads would wait without end, and writes until
      // the network is back, when nobody expects them any more. What is on screen is read again then by `app.tsx`.
      queries: { retry: worthRetrying, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
    mutationCache: new MutationCache({
      onSettled: () => {
        void queryClient.invalidateQueries();
      },
      onError: (error, _variables, _context, mutation) => {
        // The cache was cleared: whoever began this has left, and it is told to nobody else.
        const isForgotten = !queryClient
          .getMutationCache()
          .getAll()
          .some((one) => one.mutationId === mutation.mutationId);
        if (mutation.meta?.['isHandled'] !== true && !isForgotten) onProblem(error);
      },
    }),
  });
  return queryClient;
}
