import { Button, Group, Stack, Switch, Text, Tooltip } from '@mantine/core';
import { IconArrowUp, IconDownload, IconHistory } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import { AuditFilters } from '@/audit/audit-filters.tsx';
import { EventList } from '@/audit/event-list.tsx';
import { type AuditAddress, isFiltered, queryOf, saveEvents } from '@/audit/filter.ts';
import { useEvents } from '@/audit/use-events.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { Page } from '@/ui/page.tsx';
import { Empty, Failed, LoadingRows, NoMatch } from '@/ui/states.tsx';

const route = getRouteApi('/super-admin/audit');

/** So near the top, whoever follows the tail sees what comes; further down it would push away what is being read. */
const NEAR_TOP_PX = 240;

export function AuditPage() {
  const m = useMessages();
  const address: AuditAddress = route.useSearch();
  const navigate = route.useNavigate();
  const { list, events, fresh, isGap, take } = useEvents(queryOf(address));
  const save = useMutation({ mutationFn: () => saveEvents(queryOf(address)) });
  const change = (next: Partial<AuditAddress>) =>
    void navigate({ search: (old) => ({ ...old, event: undefined, ...next }), replace: true });
  const clear = () => void navigate({ search: { live: address.live }, replace: true });
  const follows = address.live === true;
  useEffect(() => {
    if (follows && fresh.length > 0 && window.scrollY < NEAR_TOP_PX) take();
  });
  return (
    <Page
      title={m.audit.title}
      subtitle={m.audit.subtitle}
      action={
        <Tooltip label={m.audit.exportHint}>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            loading={save.isPending}
            onClick={() => save.mutate(undefined, { onSuccess: (count) => notifyDone(m.audit.exported(count), m) })}
          >
            {m.audit.export}
          </Button>
        </Tooltip>
      }
    >
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="sm">
          <AuditFilters address={address} onChange={change} onClear={clear} />
          <Group gap="sm" wrap="nowrap">
            {fresh.length > 0 && (
              <Button
                size="compact-sm"
                variant="light"
                leftSection={<IconArrowUp size={14} aria-hidden />}
                onClick={() => {
                  take();
                  window.scrollTo({ top: 0 });
                }}
              >
                {m.audit.fresh(fresh.length, isGap)}
              </Button>
            )}
            <Tooltip label={m.audit.liveHint}>
              <Switch
                checked={follows}
                label={m.audit.live}
                onChange={(event) => change({ live: event.currentTarget.checked || undefined, event: address.event })}
              />
            </Tooltip>
          </Group>
        </Group>
        <Text role="status" fz="xs" c="dimmed" className="visually-hidden">
          {fresh.length > 0 && m.audit.fresh(fresh.length, isGap)}
        </Text>
        {list.isPending ? (
          <LoadingRows rows={12} height={36} />
        ) : list.isError && events.length === 0 ? (
          <Failed error={list.error} onRetry={() => void list.refetch()} />
        ) : events.length === 0 && !list.hasNextPage ? (
          isFiltered(address) ? (
            <NoMatch onClear={clear} />
          ) : (
            <Empty icon={<IconHistory size={24} />} title={m.audit.emptyTitle} hint={m.audit.emptyHint} />
          )
        ) : (
          <EventList
            events={events}
            hasMore={list.hasNextPage}
            isFetching={list.isFetchingNextPage}
            error={list.isFetchNextPageError ? list.error : null}
            onMore={() => void list.fetchNextPage()}
            opened={address.event}
            onOpen={(event) => change({ event })}
          />
        )}
      </Stack>
    </Page>
  );
}
