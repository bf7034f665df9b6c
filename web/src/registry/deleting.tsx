import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ModuleDetails, deleteModule, operations } from '@modplane/client';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { Confirm } from '@/ui/confirm.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

/** Deletes what nobody has, once its code is typed. What is in use it does not offer to delete, and says who has it. */
export function DeleteModule({
  module,
  onClose,
  onDeleted,
}: {
  module: ModuleDetails | null;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const m = useMessages();
  const dryRun = useQuery({
    queryKey: ['registry', 'deletion', module?.module_id],
    queryFn: async ({ signal }) => {
      const path = { module_id: module?.module_id ?? '' };
      return (await operations.deleteModule({ path, query: { dry_run: true }, throwOnError: true, signal })).data;
    },
    enabled: module !== null,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const remove = useMutation({ mutationFn: (id: string) => deleteModule(id), meta: { isHandled: true } });
  const inUse = problemOf(dryRun.error)?.code === 'module_in_use' ? problemOf(dryRun.error) : null;
  const templates = inUse?.problem['templates'];
  return (
    <Confirm
      opened={module !== null}
      onClose={onClose}
      title={m.modules.deleteTitle(module?.module_name ?? '')}
      action={m.modules.delete}
      code={module?.module_id ?? ''}
      danger
      refused={!dryRun.isSuccess}
      onConfirm={async () => {
        if (module === null) return;
        await remove.mutateAsync(module.module_id);
        notifyDone(m.modules.deleted(module.module_name), m);
        onDeleted();
      }}
    >
      {dryRun.isPending && <Skeleton height={48} />}
      {dryRun.isSuccess && <Text fz="sm">{m.modules.deleteUnused}</Text>}
      {inUse === null && dryRun.isError && <ProblemAlert error={dryRun.error} />}
      {inUse !== null && module !== null && (
        <Stack gap="xs">
          <Text fz="sm">
            {m.modules.deleteUsed(
              Number(inUse.problem['organizations'] ?? 0),
              Array.isArray(templates) ? templates.length : 0,
            )}
          </Text>
          <Group gap="md">
            <TabLink module={module} tab="used" label={m.modules.showTenants} onFollow={onClose} />
            <TabLink module={module} tab="templates" label={m.modules.showTemplates} onFollow={onClose} />
          </Group>
        </Stack>
      )}
    </Confirm>
  );
}

function TabLink({
  module,
  tab,
  label,
  onFollow,
}: {
  module: ModuleDetails;
  tab: string;
  label: string;
  onFollow: () => void;
}) {
  return (
    <Anchor
      renderRoot={(root) => (
        <Link
          to="/super-admin/modules"
          search={(before) => ({ ...before, module: module.module_id, tab })}
          resetScroll={false}
          {...root}
        />
      )}
      fz="sm"
      onClick={onFollow}
    >
      {label}
    </Anchor>
  );
}
