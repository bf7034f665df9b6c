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

// While somebody signs in again over their page, the dialogs below would close on Escape, with what was typed in them. This
// listens before any of them.
window.addEventListener(
  'keydown',
  (event) => {
    if (sessionState().kind === 'expired' && event.key === 'Escape') event.stopImmediatePropagation();
  },
  { capture: true },
);
