import { Alert, Button, Checkbox, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { limits, type OrganizationModule } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

/** A template requires the module: says so, and takes it away all the same only with a reason. */
export function ForceDialog({
  module,
  requiredBy,
  canBeUndone,
  error,
  busy,
  onForce,
  onClose,
}: {
  module: OrganizationModule;
  requiredBy: readonly string[];
  canBeUndone: boolean;
  error: unknown;
  busy: boolean;
  onForce: (reason: string) => void;
  onClose: () => void;
}) {
  const m = useMessages();
  const [isSure, setSure] = useState(false);
  const [reason, setReason] = useState('');
  const guard = useDiscardGuard(onClose);
  useTellDirty(reason.trim() !== '', guard.setDirty);
  const name = module.module_name;
  return (
    <Modal
      opened
      onClose={guard.close}
      title={<Text fw={600}>{m.assignments.unassignTitle(name)}</Text>}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isSure && reason.trim()) onForce(reason.trim());
        }}
      >
        <Stack>
          <Alert color="orange">{m.assignments.requiredBy(name, requiredBy.join(', '))}</Alert>
          <Checkbox
            label={m.assignments.force}
            description={canBeUndone ? m.assignments.forceHint : m.assignments.forceHintSuspended}
            checked={isSure}
            onChange={(event) => setSure(event.currentTarget.checked)}
          />
          <Textarea
            label={m.common.reason}
            description={m.common.reasonHint}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={limits.query.reason}
            disabled={!isSure}
            required
            withAsterisk={isSure}
            rows={2}
          />
          <ProblemAlert error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={guard.close}>
              {m.common.cancel}
            </Button>
            <Button type="submit" color="red.9" disabled={!isSure || !reason.trim()} loading={busy}>
              {m.assignments.unassign}
            </Button>
          </Group>
        </Stack>
      </form>
      {guard.question}
    </Modal>
  );
}
