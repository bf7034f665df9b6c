import { Stack, Text } from '@mantine/core';
import { type Draft, type Registry, listDifference, nameIn } from '@/industries/draft.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { DiffGroups } from '@/ui/diff.tsx';

/** The difference between two lists of modules, in words. */
export function ListChanges({ before, after, registry }: { before: Draft; after: Draft; registry: Registry }) {
  const { industries: m } = useMessages();
  const found = listDifference(before, after);
  const names = (ids: readonly string[]) => ids.map((id) => nameIn(registry, id));
  const groups = [
    { label: m.added, color: 'teal', items: names(found.added) },
    { label: m.takenOut, color: 'red', items: names(found.takenOut) },
    {
      label: m.changedRequired,
      color: 'indigo',
      items: [...names(found.nowRequired).map(m.nowRequired), ...names(found.nowOptional).map(m.nowOptional)],
    },
    { label: m.changedConfig, color: 'indigo', items: names(found.changedConfig) },
  ];
  const isSame = !found.isReordered && groups.every((group) => group.items.length === 0);
  return (
    <Stack gap="xs">
      <DiffGroups groups={groups} />
      {found.isReordered && <Text fz="sm">{m.reordered}</Text>}
      {isSame && <Text c="dimmed">{m.sameLists}</Text>}
    </Stack>
  );
}
