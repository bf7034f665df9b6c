import { Table } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useCallback, useMemo, useState } from 'react';

/** What a row of the table has to have. */
export interface RowProps {
  readonly 'aria-rowindex': number;
  readonly style: { readonly height: number };
}

/**
 * A table of any length in the page's own scrolling: only the rows in sight, and a few around them, are in the document.
 * `row` renders a `Table.Tr`, which takes the given props. Up and down lead from one row's first link to the next one's.
 */
export function VirtualTable({
  label,
  head,
  count,
  total,
  rowHeight = 44,
  onLook,
  row,
  minWidth = 0,
}: {
  label: string;
  head: ReactNode;
  count: number;
  /** How many there are in all, when that may be more than `count`; -1: nobody knows. */
  total?: number | undefined;
  rowHeight?: number;
  onLook: (first: number, last: number) => void;
  row: (position: number, props: RowProps) => ReactNode;
  minWidth?: number;
}) {
  const [top, setTop] = useState(0);
  const measure = useCallback((node: HTMLElement | null) => {
    if (node) setTop(node.getBoundingClientRect().top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: 4,
    scrollMargin: top,
    onChange: ({ range }) => {
      if (range) onLook(range.startIndex, range.endIndex);
    },
  });
  // One object for all rows: a row that is told nothing new need not be rendered again.
  const style = useMemo(() => ({ height: rowHeight }), [rowHeight]);
  const rows = virtualizer.getVirtualItems();
  const above = (rows[0]?.start ?? top) - top;
  const below = virtualizer.getTotalSize() - ((rows.at(-1)?.end ?? top) - top);
  return (
    <div style={{ overflowX: 'clip' }} onKeyDown={walk}>
      <Table
        ref={measure}
        aria-label={label}
        aria-rowcount={total === -1 ? -1 : (total ?? count) + 1}
        layout="fixed"
        stickyHeader
        miw={minWidth}
        verticalSpacing={0}
      >
        <Table.Thead h={40}>{head}</Table.Thead>
        <Table.Tbody>
          {above > 0 && <Spacer height={above} />}
          {rows.map(({ index }) => row(index, { 'aria-rowindex': index + 2, style }))}
          {below > 0 && <Spacer height={below} />}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  if (!(event.target instanceof HTMLAnchorElement)) return;
  const row = event.target.closest('tr');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector('a');
  if (!link) return;
  event.preventDefault();
  link.focus();
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td style={{ padding: 0, border: 0 }} />
    </tr>
  );
}
