import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { StreamState } from '@/api/event-stream.ts';
import { followEvents } from '@/api/shared-stream.ts';
import { usePerson } from '@/session/session.tsx';

export type Connection = StreamState;

interface State {
  readonly connection: Connection;
  readonly lastEventAt: Date | null;
}

/** At most this often what is on screen is read again, however many events come. */
const GATHER_MS = 800;

let state: State = { connection: 'connecting', lastEventAt: null };
const listeners = new Set<() => void>();

function become(next: Partial<State>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** How the event stream is, for the dot in the rail. */
export function useConnection(): State {
  return useSyncExternalStore(subscribe, () => state);
}

/** Follows the event stream, and has what is on screen read again when something happened. */
export function useLiveUpdates(): void {
  const queryClient = useQueryClient();
  const { userId } = usePerson();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queryClient.invalidateQueries();
      }, GATHER_MS);
    };
    const stop = followEvents(userId, {
      onEvent: () => {
        become({ lastEventAt: new Date() });
        refresh();
      },
      onState: (connection, isNew) => {
        become({ connection });
        // What happened while nobody listened is not told one by one.
        if (isNew) refresh();
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [queryClient, userId]);
}
