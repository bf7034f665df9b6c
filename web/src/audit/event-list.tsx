import { Box, Button, Group, Paper, Text } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { LoggedEvent } from '@modplane/client';
import { EventRow } from '@/audit/event-row.tsx';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

type Line =
  | { readonly kind: 'day'; readonly key: string; readonly at: Date }
  | { readonly kind: 'event'; readonly key: string; readonly event: LoggedEvent };

const ROW_PX = 41;
/** The next page is asked for when this many rows are left below. */
const AHEAD = 15;

function linesOf(events: readonly LoggedEvent[]): Line[] {
  const lines: Line[] = [];
  let day = '';
  for (const event of events) {
    const at = new Date(event.occurred_at);
    if (at.toDateString() !== day) {
      day = at.toDateString();
      lines.push({ kind: 'day', key: `day ${event.event_id}`, at });
    }
    lines.push({ kind: 'event', key: event.event_id, event });
  }
  return lines;
}

interface EventListProps {
  readonly events: readonly LoggedEvent[];
  readonly hasMore: boolean;
  readonly isFetching: boolean;
  readonly error: unknown;
  readonly onMore: () => void;
  readonly opened: string | undefined;
  readonly onOpen: (event: string | undefined) => void;
}

/** Events by day, however many: only those on screen are rendered, and the next page comes before it is needed. */
export function EventList({ events, hasMore, isFetching, error, onMore, opened, onOpen }: EventListProps) {
  const m = useMessages();
  const lines = useMemo(() => linesOf(events), [events]);
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => setTop(box.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => ROW_PX,
    getItemKey: (place) => lines[place]?.key ?? place,
    scrollMargin: top,
    overscan: 8,
  });
  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isFetching && error === null && last >= lines.length - AHEAD) onMore();
  });
  return (
    <Paper ref={box} style={{ overflow: 'hidden' }}>
      <Box h={virtual.getTotalSize()} pos="relative">
        {rows.map((row) => {
          const line = lines[row.index];
          if (line === undefined) return null;
          return (
            <Box
              key={row.key}
              data-index={row.index}
              ref={virtual.measureElement}
              pos="absolute"
              top={0}
              left={0}
              w="100%"
              style={{ transform: `translateY(${row.start - top}px)` }}
            >
              {line.kind === 'day' ? (
                <Day at={line.at} />
              ) : (
                <EventRow
                  event={line.event}
                  isOpen={opened === line.event.event_id}
                  onToggle={() => onOpen(opened === line.event.event_id ? undefined : line.event.event_id)}
                />
              )}
            </Box>
          );
        })}
      </Box>
      <Group p="sm" justify="center" mih={44}>
        {error === null ? (
          <Text fz="xs" c="dimmed">
            {hasMore ? m.audit.looking : m.audit.end}
          </Text>
        ) : (
          <>
            <ProblemAlert error={error} />
            <Button variant="default" size="compact-sm" onClick={onMore}>
              {m.common.retry}
            </Button>
          </>
        )}
      </Group>
    </Paper>
  );
}

function Day({ at }: { at: Date }) {
  const m = useMessages();
  const { language } = useLanguage();
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  const written = at.toLocaleDateString(language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const word =
    at.toDateString() === today.toDateString()
      ? m.audit.today
      : at.toDateString() === yesterday.toDateString()
        ? m.audit.yesterday
        : null;
  return (
    <Text component="h2" fz="xs" fw={600} c="dimmed" px="md" py={8} m={0} className="day">
      {word === null ? written : `${word} · ${written}`}
    </Text>
  );
}
