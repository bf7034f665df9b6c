import { Button, Group, Paper, Select, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { IndustryVersion } from '@modplane/client';
import { getIndustryVersionsInfiniteOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import type { Registry } from '@/industries/draft.ts';
import classes from '@/industries/industries.module.css';
import { ListChanges } from '@/industries/list-changes.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

/** The published versions, and what differs between any two of them. */
export function Versions({ code, registry }: { code: string; registry: Registry }) {
  const m = useMessages().industries;
  const pages = useInfiniteQuery({
    ...getIndustryVersionsInfiniteOptions({ path: { industry_code: code }, query: { limit: 50 } }),
    initialData: undefined,
    initialPageParam: { path: { industry_code: code } },
    getNextPageParam: (page) => page.next_cursor,
  });
  if (pages.isPending) return <LoadingRows rows={4} />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const versions = pages.data.pages.flatMap((page) => page.items);
  return (
    <div className={classes.panes}>
      <ol className={classes.list} aria-label={m.tabVersions}>
        {versions.map((one) => (
          <li key={one.version} className={classes.row}>
            <div className={classes.name}>
              <Text fz="sm" fw={500}>
                {m.versionOf(one.version)}
                {one.is_current && ` (${m.current})`}
              </Text>
              <Text fz="xs" c="dimmed">
                {m.getsCount(one.modules.length)} · <TimeAgo at={one.published_at} />
              </Text>
            </div>
            <Text fz="sm" c={one.organizations === 0 ? 'dimmed' : undefined}>
              {m.versionTenants(one.organizations)}
            </Text>
          </li>
        ))}
        {pages.hasNextPage && (
          <li className={classes.row}>
            <Button size="xs" variant="default" onClick={() => void pages.fetchNextPage()}>
              {m.moreTenants}
            </Button>
          </li>
        )}
      </ol>
      <Comparison key={versions[0]?.version} versions={versions} registry={registry} />
    </div>
  );
}

function Comparison({ versions, registry }: { versions: readonly IndustryVersion[]; registry: Registry }) {
  const m = useMessages().industries;
  const newest = versions[0]?.version ?? 1;
  const [from, setFrom] = useState(Math.max(newest - 1, 1));
  const [to, setTo] = useState(newest);
  const listOf = (version: number) => versions.find((one) => one.version === version)?.modules ?? [];
  const choices = versions.map((one) => ({ value: String(one.version), label: m.versionOf(one.version) }));
  return (
    <Paper component="section" p="md" aria-labelledby="comparison" className={classes.sticky}>
      <Stack gap="sm">
        <Title order={2} fz="md" id="comparison">
          {m.compare}
        </Title>
        <Group gap={8} wrap="nowrap">
          <Select
            aria-label={m.compare}
            data={choices}
            value={String(from)}
            allowDeselect={false}
            onChange={(chosen) => setFrom(Number(chosen))}
          />
          <Text fz="sm">{m.compareWith}</Text>
          <Select
            aria-label={m.compareWith}
            data={choices}
            value={String(to)}
            allowDeselect={false}
            onChange={(chosen) => setTo(Number(chosen))}
          />
        </Group>
        <ListChanges before={listOf(from)} after={listOf(to)} registry={registry} />
      </Stack>
    </Paper>
  );
}
