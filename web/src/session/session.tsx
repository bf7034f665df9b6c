import { useSyncExternalStore } from 'react';
import { type Person, type SessionState, onSessionChange, personOn, sessionState } from '@/api/token.ts';

/** The session as it is now. */
export function useSession(): SessionState {
  return useSyncExternalStore(onSessionChange, sessionState);
}

/** Who is signed in, or was until the session ended under their hands. For pages that only signed-in people reach. */
export function usePerson(): Person {
  const person = personOn(useSession());
  if (person === null) throw new Error('Nobody is signed in.');
  return person;
}
