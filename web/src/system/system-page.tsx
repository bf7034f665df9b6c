import { Alert, Group, Stack, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { getSystemStatusOptions } from '@modplane/client/react-query';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';
import { DeadLetters } from '@/system/dead-letters.tsx';
import { record } from '@/system/history.ts';
import { sentenceOf, summaryOf } from '@/system/sentences.ts';
import { StateBadge } from '@/system/state-badge.tsx';
import { Groups, Replicas, WaitingOperations } from '@/system/tables.tsx';
import { Tiles } from '@/system/tiles.tsx';
import { Page } from '@/ui/page.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

/** The service asks its parts once in a while and remembers; asking more often tells nothing new. */
const EVERY_MS = 5_000;

export function SystemPage() {
  const m = useMessages();
  const { language } = useLanguage();
  const { data, error, refetch } = useQuery({
    ...getSystemStatusOptions(),
    refetchInterval: EVERY_MS,
    staleTime: EVERY_MS / 2,
    retry: false,
  });
  useEffect(() => {
    if (data !== undefined) record(data);
  }, [data]);
  if (data === undefined) {
    return (
      <Page title={m.system.title}>
        {error === null ? (
          <LoadingRows rows={8} height={120} isGrid />
        ) : (
          <Failed error={error} onRetry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={m.system.title}
      subtitle={
        <Group gap={8} role="status">
          <StateBadge state={data.state} />
          <span>
            {summaryOf(data, language)} {m.system.checked(data.answered_by)} <TimeAgo at={data.checked_at} />.
          </span>
        </Group>
      }
    >
      {error !== null && (
        <Alert color="orange" icon={<IconPlugConnectedX size={18} aria-hidden />} role="alert">
          {m.system.stale}
        </Alert>
      )}
      <Tiles status={data} />
      <Stack gap="xl">
        <DeadLetters />
        <Groups status={data} />
        <WaitingOperations />
        <Replicas status={data} />
        <Text fz="xs" c="dimmed">
          {m.system.moduleTypes}: {sentenceOf('module_types', data, language)}
        </Text>
      </Stack>
    </Page>
  );
}
