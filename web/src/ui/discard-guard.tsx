import { Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { Confirm } from '@/ui/confirm.tsx';

export interface DiscardGuard {
  /** Hears whether something is typed that would be lost: see `useTellDirty`. */
  readonly setDirty: (isDirty: boolean) => void;
  /** Closes, but asks first while something typed would be lost: for Esc, X, a click outside and Cancel alike. */
  readonly close: () => void;
  /** Goes without asking: what was typed is saved. */
  readonly leave: (go: () => void) => void;
  /** Belongs into what is rendered. */
  readonly question: ReactNode;
}

/**
 * Keeps what is typed and not saved from being thrown away by accident: by closing, by another address, by a reload.
 */
export function useDiscardGuard(onClose: () => void): DiscardGuard {
  const m = useMessages();
  // No state: whoever types and leaves at once is ahead of the next rendering.
  const dirty = useRef(false);
  const setDirty = useCallback((isDirty: boolean) => {
    dirty.current = isDirty;
  }, []);
  const blocker = useBlocker({
    shouldBlockFn: () => dirty.current,
    enableBeforeUnload: () => dirty.current,
    withResolver: true,
  });
  const [asksToClose, setAsksToClose] = useState(false);
  const isAsking = asksToClose || blocker.status === 'blocked';
  const leave = (go: () => void) => {
    dirty.current = false;
    go();
  };
  return {
    setDirty,
    close: () => {
      // Esc reaches both, what lies under the question first.
      if (isAsking) return;
      if (dirty.current) setAsksToClose(true);
      else onClose();
    },
    leave,
    // Not there before it is asked: the Esc that asks would find it open, and close it.
    question: isAsking && (
      <Confirm
        opened
        onClose={() => {
          setAsksToClose(false);
          blocker.reset?.();
        }}
        title={m.common.discardTitle}
        action={m.common.discard}
        danger
        onConfirm={() => {
          leave(blocker.status === 'blocked' ? blocker.proceed : onClose);
          return Promise.resolve();
        }}
      >
        <Text fz="sm">{m.common.discardHint}</Text>
      </Confirm>
    ),
  };
}

/** Tells a guard whether something is typed here; what is no longer here is not. */
export function useTellDirty(isDirty: boolean, onDirty: (isDirty: boolean) => void): void {
  useLayoutEffect(() => {
    onDirty(isDirty);
    return () => onDirty(false);
  }, [isDirty, onDirty]);
}
