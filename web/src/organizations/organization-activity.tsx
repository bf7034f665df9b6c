import { Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { operations } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { EventSentence } from '@/ui/event-sentence.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const PAGE = 30;

/** What happened to a tenant, the latest first. `only`: that many, and no more to be had. */
export function OrganizationActivity({ organizationId, only }: { organizationId: string; only?: number }) {
  const m = useMessages();
  const limit = only ?? PAGE;
  const events = useInfiniteQuery({
    queryKey: ['getEvents', organizationId, limit],
    queryFn: async ({ pageParam, signal }) => {
      const query = { organization_id: organizationId, limit, ...(pageParam ? { cursor: pageParam } : {}) };
      return (await operations.getEvents({ query, signal, throwOnError: true })).data;
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  if (events.isPending) return <LoadingRows rows={5} height={32} />;
  if (events.isLoadingError) return <Failed error={events.error} onRetry={() => void events.refetch()} />;
  const items = events.data.pages.flatMap((page) => page.items);
  return (
    <Stack>
      <Paper component="ol" p={0} m={0} style={{ listStyle: 'none' }} aria-label={m.tenants.activity}>
        {items.map((event, place) => (
          <Group
            key={event.event_id}
            component="li"
            justify="space-between"
            wrap="nowrap"
            align="baseline"
            px="sm"
            py={8}
            style={{ borderTop: place === 0 ? undefined : '1px solid var(--mantine-color-default-border)' }}
          >
            <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
              <Text fz="sm" component="div">
                <EventSentence event={event} />
              </Text>
              {event.reason !== null && (
                <Text fz="xs" c="dimmed">
                  {m.tenants.because(event.reason)}
                </Text>
              )}
            </div>
            <TimeAgo at={event.occurred_at} fz="xs" c="dimmed" style={{ flexShrink: 0 }} />
          </Group>
        ))}
      </Paper>
      {only === undefined && events.hasNextPage && (
        <Button
          variant="default"
          style={{ alignSelf: 'center' }}
          loading={events.isFetchingNextPage}
          onClick={() => void events.fetchNextPage()}
        >
          {m.tenants.older}
        </Button>
      )}
    </Stack>
  );
}
