import { MutationCache, QueryClient } from '@tanstack/react-query';
import { problemOf } from '@/api/client.ts';

const RETRIES = 2;

/** A refusal stays one, however often it is asked for; an outage may pass. */
export function worthRetrying(failures: number, error: unknown): boolean {
  const problem = problemOf(error);
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
      queries: { retry: worthRetrying, staleTime: 5_000, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
    mutationCache: new MutationCache({
      onSettled: () => {
        void queryClient.invalidateQueries();
      },
      onError: (error, _variables, _context, mutation) => {
        if (mutation.meta?.['told'] !== true) onProblem(error);
      },
    }),
  });
  return queryClient;
}
