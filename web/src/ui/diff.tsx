import { Code, Group, Stack, Table, Text } from '@mantine/core';
import { jsonText } from '@/api/exact-json.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { differences } from '@/ui/json-values.ts';

function Value({ value, color }: { value: unknown; color: 'red' | 'teal' }) {
  if (value === undefined)
    return (
      <Text span c="dimmed">
        –
      </Text>
    );
  return (
    <Code
      color={`var(--mantine-color-${color}-light)`}
      c={`var(--mantine-color-${color}-light-color)`}
      style={{ overflowWrap: 'anywhere' }}
    >
      {jsonText(value)}
    </Code>
  );
}

/** What changes, a line a value, with before and after side by side. */
export function Diff({ before, after }: { before: unknown; after: unknown }) {
  const m = useMessages();
  const found = differences(before, after);
  if (found.length === 0) return <Text c="dimmed">{m.ui.noDifference}</Text>;
  return (
    <Table highlightOnHover={false} layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{m.ui.field}</Table.Th>
          <Table.Th>{m.ui.before}</Table.Th>
          <Table.Th>{m.ui.after}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {found.map((one) => (
          <Table.Tr key={one.pointer}>
            <Table.Td>
              <Text span ff="monospace" fz="xs" style={{ overflowWrap: 'anywhere' }}>
                {one.pointer || '/'}
              </Text>
            </Table.Td>
            <Table.Td>
              <Value value={one.before} color="red" />
            </Table.Td>
            <Table.Td>
              <Value value={one.after} color="teal" />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Groups of named things, such as "added", each with what belongs to it; empty groups are left out. */
export function DiffGroups({
  groups,
}: {
  groups: readonly { readonly label: string; readonly color: string; readonly items: readonly string[] }[];
}) {
  return (
    <Stack gap="xs">
      {groups
        .filter((group) => group.items.length > 0)
        .map((group) => (
          <Group key={group.label} gap="xs" align="flex-start" wrap="nowrap">
            <Text
              fw={600}
              fz="sm"
              w={140}
              style={{ flexShrink: 0 }}
              c={`var(--mantine-color-${group.color}-light-color)`}
            >
              {group.label} · {group.items.length}
            </Text>
            <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
              {group.items.join(', ')}
            </Text>
          </Group>
        ))}
    </Stack>
  );
}
