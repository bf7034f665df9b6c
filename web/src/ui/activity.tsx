import { Anchor, Button, Group, Text, Timeline } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { operations } from '@modplane/client';
import { getEventsInfiniteQueryKey } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { EventSentence } from '@/ui/event-sentence.tsx';
import { Empty, Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

/** Whose events: all that are given hold. */
export interface ActivityOf {
  readonly module_id?: string;
  readonly industry_code?: string;
  readonly organization_id?: string;
}

const PAGE = 30;

/** What happened to one thing, the newest first, each a sentence; all of it, with its details, is in the audit log. */
export function Activity({ of }: { of: ActivityOf }) {
  const m = useMessages();
  const query = { ...of, limit: PAGE };
  const list = useInfiniteQuery({
    queryKey: [...getEventsInfiniteQueryKey({ query }), 'activity'],
    queryFn: ({ pageParam: cursor, signal }) =>
      operations
        .getEvents({ query: { ...query, ...(cursor !== null && { cursor }) }, signal, throwOnError: true })
        .then((answer) => answer.data),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  if (list.isPending) return <LoadingRows rows={6} height={32} />;
  if (list.isError) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const events = list.data.pages.flatMap((page) => page.items);
  if (events.length === 0) {
    return <Empty icon={<IconHistory size={24} />} title={m.ui.noActivity} hint={m.ui.noActivityHint} />;
  }
  const { module_id: module, industry_code: industry, organization_id: organization } = of;
  return (
    <div>
      <Group justify="flex-end" mb="xs">
        <Anchor
          renderRoot={(root) => <Link to="/super-admin/audit" search={{ module, industry, organization }} {...root} />}
          fz="sm"
        >
          {m.ui.inAuditLog}
        </Anchor>
      </Group>
      <Timeline bulletSize={12} lineWidth={1} color="gray">
        {events.map((event) => (
          <Timeline.Item key={event.event_id}>
            <Text fz="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
              <EventSentence event={event} />
            </Text>
            <Text fz="xs" c="dimmed" component="div">
              <TimeAgo at={event.occurred_at} />
              {event.reason !== null && ` · “${event.reason}”`}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
      {list.hasNextPage && (
        <Button
          mt="md"
          variant="default"
          size="xs"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {m.common.more}
        </Button>
      )}
    </div>
  );
}
