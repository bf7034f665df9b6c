import { Box, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconArrowBackUp, IconBraces, IconLink, IconStack2 } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { LoggedEvent } from '@modplane/client';
import { inverseOf } from '@/audit/undo.ts';
import { jsonText } from '@/api/exact-json.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { useCopy } from '@/ui/copying.tsx';
import { Diff, DiffGroups } from '@/ui/diff.tsx';
import { changeOf, factsOf } from '@/ui/event-facts.ts';
import { notifyDone } from '@/ui/notify.tsx';

/** All that an event tells: reason, ids, what was before and is after, and what can be done about it. */
export function EventDetails({ id, event }: { id: string; event: LoggedEvent }) {
  const m = useMessages();
  const change = changeOf(event);
  const { counts } = factsOf(event);
  return (
    <Stack id={id} gap="sm" px="md" pb="md" pt={4} className="event-details">
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing="sm" verticalSpacing={8}>
        <Named label={m.audit.reason}>
          <Text fz="sm" c={event.reason === null ? 'dimmed' : undefined} style={{ overflowWrap: 'anywhere' }}>
            {event.reason ?? m.audit.noReason}
          </Text>
        </Named>
        <Named label={m.audit.type_}>
          <Copyable value={event.type} />
        </Named>
        <Named label={m.audit.operation}>
          <Copyable value={event.operation_id} />
        </Named>
        <Named label={m.audit.position}>
          <Copyable value={event.event_id} />
        </Named>
      </SimpleGrid>
      {change !== null && (
        <Box style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={m.audit.whatChanged}>
          <Diff before={change.before} after={change.after} />
        </Box>
      )}
      <DiffGroups
        groups={[
          { label: m.audit.added, color: 'teal', items: counts.added },
          { label: m.audit.unchanged, color: 'gray', items: counts.unchanged },
          { label: m.audit.skipped, color: 'orange', items: counts.skipped },
          { label: m.audit.removed, color: 'red', items: counts.removed },
        ]}
      />
      <Actions event={event} />
    </Stack>
  );
}

function Named({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Box style={{ minWidth: 0 }}>
      <Text fz="xs" c="dimmed">
        {label}
      </Text>
      {children}
    </Box>
  );
}

function Actions({ event }: { event: LoggedEvent }) {
  const m = useMessages();
  const json = useCopy();
  const link = useCopy();
  // Of one operation there are few events: the link finds this one however long ago it was.
  const address = `${window.location.origin}/super-admin/audit?operation=${event.operation_id}&event=${event.event_id}`;
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconStack2 size={14} aria-hidden />}
        renderRoot={(props) => (
          <Link to="/super-admin/audit" search={{ operation: event.operation_id, event: event.event_id }} {...props} />
        )}
      >
        {m.audit.ofOperation}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconBraces size={14} aria-hidden />}
        onClick={() => void json.copy(jsonText(event, 2))}
      >
        {json.isCopied ? m.common.copied : m.audit.copyJson}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconLink size={14} aria-hidden />}
        onClick={() => void link.copy(address)}
      >
        {link.isCopied ? m.common.copied : m.audit.copyLink}
      </Button>
      <UndoButton event={event} />
    </Group>
  );
}

function UndoButton({ event }: { event: LoggedEvent }) {
  const m = useMessages();
  const inverse = inverseOf(event);
  const undo = useMutation({
    mutationFn: () => inverse?.run(m.audit.undoReason(event.event_id)) ?? Promise.resolve(),
    onSuccess: () => notifyDone(m.common.undone, m),
  });
  if (inverse === null) return null;
  const ask = () =>
    modals.openConfirmModal({
      title: m.audit.undoTitle,
      closeButtonProps: { 'aria-label': m.common.close },
      children: (
        <Stack gap="xs">
          <Text fz="sm">{m.audit.inverse[inverse.effect]}</Text>
          <Text fz="sm" c="dimmed">
            {m.audit.undoKept}
          </Text>
        </Stack>
      ),
      labels: { confirm: m.audit.undo, cancel: m.common.cancel },
      onConfirm: () => undo.mutate(),
    });
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconArrowBackUp size={14} aria-hidden />}
      loading={undo.isPending}
      onClick={ask}
    >
      {m.audit.undo}
    </Button>
  );
}
