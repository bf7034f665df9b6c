import { Table, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useMessages } from '@/i18n/messages.tsx';
import type { SortColumn } from '@/registry/selection.ts';

export interface Sorting {
  readonly sort: SortColumn;
  readonly desc: boolean;
  readonly onSort: (column: SortColumn) => void;
}

/** The columns; a click on most of them sorts. */
export function ModulesHead({ sorting }: { sorting: Sorting }) {
  const m = useMessages();
  return (
    <Table.Tr>
      <Sortable column="name" sorting={sorting}>
        {m.modules.module}
      </Sortable>
      <Sortable column="category" sorting={sorting} w="14%" visibleFrom="md">
        {m.modules.category}
      </Sortable>
      <Table.Th w="17%" visibleFrom="lg">
        {m.modules.service}
      </Table.Th>
      <Table.Th w={90} visibleFrom="lg">
        {m.modules.version}
      </Table.Th>
      <Sortable column="used" sorting={sorting} w={150} visibleFrom="sm">
        {m.modules.usedBy}
      </Sortable>
      <Sortable column="updated" sorting={sorting} w={110} visibleFrom="lg">
        {m.modules.updated}
      </Sortable>
      <Table.Th w={74}>{m.modules.active}</Table.Th>
      <Table.Th w={48}>
        <VisuallyHidden>{m.modules.actions}</VisuallyHidden>
      </Table.Th>
    </Table.Tr>
  );
}

function Sortable({
  column,
  sorting,
  children,
  ...cell
}: {
  column: SortColumn;
  sorting: Sorting;
  children: string;
  w?: string | number;
  visibleFrom?: 'sm' | 'md' | 'lg';
}) {
  const m = useMessages();
  const isSorted = sorting.sort === column;
  // What is used most, or changed last, comes first without being asked to.
  const isDescending = sorting.desc !== (column === 'used' || column === 'updated');
  const Arrow = isDescending ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th {...cell} aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton
        onClick={() => sorting.onSort(column)}
        fz="inherit"
        fw="inherit"
        title={m.modules.sortBy(children)}
        style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}
      >
        {children}
        {isSorted && <Arrow size={14} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  );
}
