import { useSyncExternalStore } from 'react';
import { type Person, type SessionState, onSessionChange, sessionState } from '@/api/token.ts';

/** The session as it is now. */
export function useSession(): SessionState {
  return useSyncExternalStore(onSessionChange, sessionState);
}

/** Who is signed in. For pages that only signed-in people reach. */
export function usePerson(): Person {
  const session = useSession();
  if (session.kind !== 'signed-in') throw new Error('Nobody is signed in.');
  return session.person;
}
