import { Anchor, Badge, Skeleton, Table, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { type BulkItem, operations } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { usePages } from '@/ui/pages.ts';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { VirtualTable } from '@/ui/virtual-table.tsx';

const ITEMS = 'getBulkOperationItems';
const PAGE = 100;
const COLORS = { applied: 'teal', unchanged: 'gray', rejected: 'orange', failed: 'red', cancelled: 'gray' } as const;

/**
 * What became of each tenant of a bulk action. A refusal makes no event that would tell of it: `progress` says how far
 * the action is, and whenever it is another, the items are read again. `expected` is how many there are to be.
 */
export function BulkItems({
  id,
  outcome,
  progress,
  expected,
}: {
  id: string;
  outcome: NonNullable<BulkItem['outcome']> | undefined;
  progress: string;
  expected: number;
}) {
  const m = useMessages();
  const queryClient = useQueryClient();
  const known = useRef(progress);
  useEffect(() => {
    if (known.current === progress) return;
    known.current = progress;
    void queryClient.invalidateQueries({ queryKey: [ITEMS, id] });
  }, [queryClient, id, progress]);
  const rows = usePages({
    queryKey: [ITEMS, id, outcome ?? null],
    read: async (cursor, signal) => {
      const query = { limit: PAGE, ...(outcome ? { outcome } : {}), ...(cursor ? { cursor } : {}) };
      const path = { bulk_operation_id: id };
      return (await operations.getBulkOperationItems({ path, query, signal, throwOnError: true })).data;
    },
  });
  if (rows.error) return <Failed error={rows.error} onRetry={rows.retry} />;
  if (rows.isPending || (rows.count === 0 && expected > 0)) return <LoadingRows />;
  if (rows.count === 0 && !rows.hasMore) {
    return (
      <Text c="dimmed" py="lg" ta="center">
        {m.tenants.noItems}
      </Text>
    );
  }
  return (
    <VirtualTable
      label={m.tenants.bulkItems}
      count={rows.count + (rows.hasMore ? 1 : 0)}
      onLook={rows.look}
      head={
        <Table.Tr>
          <Table.Th>{m.tenants.name}</Table.Th>
          <Table.Th w={130}>{m.tenants.outcome}</Table.Th>
          <Table.Th visibleFrom="sm">{m.tenants.why}</Table.Th>
        </Table.Tr>
      }
      row={(position, props) => {
        const item = rows.row(position);
        return (
          <Table.Tr key={position} {...props}>
            {item === undefined ? (
              <Table.Td colSpan={3}>
                <Skeleton height={16} radius="sm" />
              </Table.Td>
            ) : (
              <Cells item={item} />
            )}
          </Table.Tr>
        );
      }}
    />
  );
}

function Cells({ item }: { item: BulkItem }) {
  const m = useMessages();
  return (
    <>
      <Table.Td>
        <Anchor
          component={Link}
          to={`/super-admin/tenants/${item.organization_id}`}
          fz="sm"
          fw={500}
          c="inherit"
          truncate
          display="block"
        >
          {item.organization_name}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={item.outcome ? COLORS[item.outcome] : 'gray'} tt="none" fw={500}>
          {item.outcome ? m.tenants.outcomes[item.outcome] : m.tenants.waiting}
        </Badge>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text fz="sm" c="dimmed" truncate title={item.detail ?? undefined}>
          {item.detail ?? ''}
        </Text>
      </Table.Td>
    </>
  );
}
