import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { bulkAssignModules, type OrganizationModule } from '@modplane/client';
import { getModuleRegistryOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { PickList } from '@/assignments/pick-list.tsx';
import { unassignAll, withDiscarded } from '@/assignments/mutations.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';

/** Assigns any modules of the registry at once: all of them, or none. */
export function AssignDialog({
  organizationId,
  organizationName,
  held,
  onClose,
}: {
  organizationId: string;
  organizationName: string;
  held: readonly OrganizationModule[];
  onClose: () => void;
}) {
  const m = useMessages();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const registry = useQuery({ ...getModuleRegistryOptions(), staleTime: 60_000 });
  const has = new Set(held.map((one) => one.module_id));
  const items = (registry.data?.items ?? []).map((one) => ({
    id: one.module_id,
    name: one.module_name,
    about: `${one.module_id} · ${one.category}`,
    metadata: one.metadata,
    unavailable: has.has(one.module_id)
      ? m.assignments.alreadyAssigned
      : one.is_active
        ? null
        : m.assignments.moduleInactive,
  }));
  const ids = items.filter((one) => chosen.has(one.id) && one.unavailable === null).map((one) => one.id);
  const assign = useMutation({
    mutationFn: () => bulkAssignModules(organizationId, ids),
    meta: { isHandled: true },
    onSuccess: ({ discarded_configs: discarded }) => {
      const namesOf = (wanted: readonly string[]) =>
        items.filter((one) => wanted.includes(one.id)).map((one) => one.name);
      const undo = () => unassignAll(organizationId, ids);
      notifyDone(withDiscarded(m.assignments.assigned(namesOf(ids), organizationName), namesOf(discarded), m), m, undo);
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={600}>{m.assignments.assignTitle(organizationName)}</Text>}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Stack>
        {registry.error ? (
          <Failed error={registry.error} onRetry={() => void registry.refetch()} />
        ) : registry.data === undefined ? (
          <LoadingRows />
        ) : (
          <PickList label={m.assignments.modules} items={items} chosen={chosen} onChange={setChosen} />
        )}
        <ProblemAlert error={assign.error} />
        <Group justify="space-between">
          <Text fz="sm" c="dimmed" aria-live="polite">
            {m.common.selected(ids.length)}
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {m.common.cancel}
            </Button>
            <Button disabled={ids.length === 0} loading={assign.isPending} onClick={() => assign.mutate()}>
              {m.assignments.assign(ids.length)}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}
