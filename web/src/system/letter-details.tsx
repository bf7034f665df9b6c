import { Button, Code, Group, Modal, ScrollArea, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconRefresh, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { limits, type DeadLetter } from '@modplane/client';
import { dropDeadLetterMutation, getDeadLetterOptions, retryDeadLetterMutation } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';

const indented = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Some are set aside because they are no JSON; a long one is cut.
    return body;
  }
};

/** A dead letter's record, and the two things that can be done about it. */
export function LetterDetails({ letter }: { letter: DeadLetter }) {
  const m = useMessages();
  const { data, error, refetch } = useQuery(getDeadLetterOptions({ path: { letter_id: letter.id } }));
  if (error !== null && data === undefined) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows rows={3} />;
  const facts: readonly (readonly [string, string | null])[] = [
    [m.system.letter, data.id],
    [m.system.key, data.key],
    [m.common.operation, data.kind === 'command' ? data.subject_id : null],
    [m.system.handledBy, data.handled_by],
    [m.common.reason, data.reason],
  ];
  return (
    <Stack gap="sm" p="md">
      <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {data.error}
      </Text>
      <Group gap="lg">
        {facts
          .filter(([, value]) => value !== null && value !== '')
          .map(([name, value]) => (
            <Group key={name} gap={6}>
              <Text fz="xs" c="dimmed">
                {name}
              </Text>
              <Copyable value={value ?? ''} />
            </Group>
          ))}
      </Group>
      {data.waiting_events > 0 && <Text fz="sm">{m.system.waitBehind(data.waiting_events)}</Text>}
      <ScrollArea.Autosize mah={320} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': m.system.record }}>
        <Code block>{indented(data.body)}</Code>
      </ScrollArea.Autosize>
      {data.body_is_cut && (
        <Text fz="xs" c="dimmed">
          {m.system.recordCut(data.body_bytes)}
        </Text>
      )}
      {(data.status === 'open' || data.status === 'retried') && <Actions letter={data} />}
    </Stack>
  );
}

function Actions({ letter }: { letter: DeadLetter }) {
  const m = useMessages();
  const [asks, dialog] = useDisclosure(false);
  const [reason, setReason] = useState('');
  const close = () => {
    setReason('');
    dialog.close();
  };
  const guard = useDiscardGuard(close);
  useTellDirty(asks && reason.trim() !== '', guard.setDirty);
  const path = { letter_id: letter.id };
  const retry = useMutation({
    ...retryDeadLetterMutation(),
    onSuccess: ({ status }) =>
      notifyDone(
        status === 'resolved' ? m.system.resolved : status === 'open' ? m.system.failedAgain : m.system.retried,
        m,
      ),
  });
  const drop = useMutation({
    ...dropDeadLetterMutation(),
    onSuccess: () => {
      guard.leave(close);
      notifyDone(m.system.dropped, m);
    },
  });
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        leftSection={<IconRefresh size={14} aria-hidden />}
        loading={retry.isPending}
        onClick={() => retry.mutate({ path })}
      >
        {m.system.retry}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconTrash size={14} aria-hidden />}
        onClick={dialog.open}
      >
        {m.system.drop}
      </Button>
      <Modal
        opened={asks}
        onClose={guard.close}
        title={m.system.dropTitle}
        closeButtonProps={{ 'aria-label': m.common.close }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            drop.mutate({ path, query: { reason: reason.trim() } });
          }}
        >
          <Stack gap="sm">
            <Text fz="sm">{letter.kind === 'relay' ? m.system.dropEffectRelay : m.system.dropEffect}</Text>
            <Textarea
              label={m.common.reason}
              required
              maxLength={limits.query.reason}
              rows={3}
              data-autofocus
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={guard.close}>
                {m.common.cancel}
              </Button>
              <Button color="red" type="submit" disabled={reason.trim() === ''} loading={drop.isPending}>
                {m.system.drop}
              </Button>
            </Group>
          </Stack>
        </form>
        {guard.question}
      </Modal>
    </Group>
  );
}
