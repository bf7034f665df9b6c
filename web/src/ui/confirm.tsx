import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { limits } from '@modplane/client';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

interface ConfirmProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Names the action and its object. */
  readonly title: string;
  /** What it leads to, in words. */
  readonly children: ReactNode;
  /** The button says what it does, not "OK". */
  readonly action: string;
  /** The dialog stays, with what went wrong, when this fails. */
  readonly onConfirm: (reason: string) => Promise<unknown>;
  /** What cannot be undone: has to be typed first. */
  readonly code?: string;
  readonly danger?: boolean;
  readonly asksReason?: boolean;
  /** Why the action is not to be had now: it is not offered then. */
  readonly refused?: boolean;
}

/**
 * The three tiers of actions: what is reversible is done, with Undo (`notifyDone`); what can be recovered is confirmed
 * here; what cannot be is typed here (`code`).
 */
export function Confirm(props: ConfirmProps) {
  const m = useMessages();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={<Text fw={600}>{props.title}</Text>}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Asked {...props} />
    </Modal>
  );
}

/** Begins anew whenever the dialog opens. */
function Asked({ onClose, children, action, onConfirm, code, danger, asksReason, refused }: ConfirmProps) {
  const m = useMessages();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const [doing, setDoing] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = useRef<HTMLInputElement>(null);
  const isTyped = refused !== true && code !== undefined;
  // Whether it is to be had may be known only later: until then the focus waits beside the field that was not there.
  useEffect(() => {
    if (isTyped) field.current?.focus();
  }, [isTyped]);
  const isReady = code === undefined || typed.trim() === code;
  const confirm = async () => {
    setDoing(true);
    setError(null);
    try {
      await onConfirm(reason.trim());
      onClose();
    } catch (failed) {
      setError(failed);
    } finally {
      setDoing(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && !doing && refused !== true) void confirm();
      }}
    >
      <Stack>
        <div>{children}</div>
        {refused !== true && asksReason === true && (
          <TextInput
            label={m.common.reason}
            description={m.common.reasonHint}
            value={reason}
            maxLength={limits.query.reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        {isTyped && (
          <TextInput
            ref={field}
            label={m.common.typeToConfirm(code)}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          />
        )}
        <ProblemAlert error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} {...(!isTyped && { 'data-autofocus': true })}>
            {refused === true ? m.common.close : m.common.cancel}
          </Button>
          {refused !== true && (
            <Button type="submit" loading={doing} disabled={!isReady} {...(danger === true && { color: 'red.8' })}>
              {action}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
