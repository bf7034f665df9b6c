import { Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { Confirm } from '@/ui/confirm.tsx';

export interface DiscardGuard {
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
export function useDiscardGuard(isDirty: boolean, onClose: () => void): DiscardGuard {
  const m = useMessages();
  const dirty = useRef(isDirty);
  useEffect(() => {
    dirty.current = isDirty;
  }, [isDirty]);
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
    close: () => {
      // Esc reaches both, the question and what lies under it.
      if (isAsking) return;
      if (isDirty) setAsksToClose(true);
      else onClose();
    },
    leave,
    question: (
      <Confirm
        opened={isAsking}
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

/** Tells a guard further up whether something is typed here; what is no longer here is not. */
export function useTellDirty(isDirty: boolean, onDirty: (isDirty: boolean) => void): void {
  useEffect(() => {
    onDirty(isDirty);
    return () => onDirty(false);
  }, [isDirty, onDirty]);
}
