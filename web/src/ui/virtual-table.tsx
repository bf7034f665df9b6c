import { Table } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useState } from 'react';

/**
 * A table of any length in the page's own scrolling: only the rows in sight, and a few around them, are in the document.
 * `row` renders a `Table.Tr`, which takes the given props.
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
  /** How many there are in all, when that is known and more than `count`. */
  total?: number | undefined;
  rowHeight?: number;
  onLook: (first: number, last: number) => void;
  row: (position: number, props: { 'aria-rowindex': number; style: { height: number } }) => ReactNode;
  minWidth?: number;
}) {
  const [top, setTop] = useState(0);
  const measure = useCallback((node: HTMLElement | null) => {
    if (node) setTop(node.getBoundingClientRect().top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollMargin: top,
    onChange: ({ range }) => {
      if (range) onLook(range.startIndex, range.endIndex);
    },
  });
  const rows = virtualizer.getVirtualItems();
  const above = (rows[0]?.start ?? top) - top;
  const below = virtualizer.getTotalSize() - ((rows.at(-1)?.end ?? top) - top);
  return (
    <div style={{ overflowX: 'clip' }}>
      <Table
        ref={measure}
        aria-label={label}
        aria-rowcount={(total ?? count) + 1}
        layout="fixed"
        stickyHeader
        miw={minWidth}
        verticalSpacing={0}
      >
        <Table.Thead h={40}>{head}</Table.Thead>
        <Table.Tbody>
          {above > 0 && <Spacer height={above} />}
          {rows.map(({ index }) => row(index, { 'aria-rowindex': index + 2, style: { height: rowHeight } }))}
          {below > 0 && <Spacer height={below} />}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td style={{ padding: 0, border: 0 }} />
    </tr>
  );
}
