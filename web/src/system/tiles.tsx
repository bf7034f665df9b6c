import { Card, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SystemStatus } from '@modplane/client';
import { type Messages, useLanguage, useMessages } from '@/i18n/messages.tsx';
import { type Figure, figuresOf, useHistory } from '@/system/history.ts';
import { sentenceOf, stillWorks } from '@/system/sentences.ts';
import { StateBadge } from '@/system/state-badge.tsx';
import { Sparkline } from '@/ui/sparkline.tsx';
import { useNow } from '@/ui/time-ago.tsx';

const PARTS: readonly Figure[] = [
  'postgres',
  'kafka',
  'redis',
  'relay',
  'consumers',
  'operations',
  'dead_letters',
  'cache',
];

const named = (figure: Figure, m: Messages): { name: string; unit: string } =>
  ({
    postgres: { name: m.system.postgres, unit: m.system.answerTime },
    kafka: { name: m.system.kafka, unit: m.system.answerTime },
    redis: { name: m.system.redis, unit: m.system.answerTime },
    relay: { name: m.system.relay, unit: m.system.eventsWaiting },
    consumers: { name: m.system.consumers, unit: m.system.lag },
    cache: { name: m.system.cache, unit: m.system.hits },
    operations: { name: m.system.operations, unit: m.system.pending },
    dead_letters: { name: m.system.deadLetters, unit: m.system.open },
  })[figure];

function shownAs(figure: Figure, value: number | null, language: string): string {
  if (value === null) return '–';
  if (figure === 'cache') return new Intl.NumberFormat(language, { style: 'percent' }).format(value);
  const isTime = figure === 'postgres' || figure === 'kafka' || figure === 'redis';
  const digits = isTime && value < 10 ? 1 : 0;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)}${isTime ? ' ms' : ''}`;
}

/** Every part: its state in a sentence, the figure it is watched by, and how that went in the last 15 minutes. */
export function Tiles({ status, children }: { status: SystemStatus; children?: ReactNode }) {
  const figures = figuresOf(status);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
      {PARTS.map((figure) => (
        <Tile key={figure} figure={figure} status={status} value={figures[figure]} />
      ))}
      {children}
    </SimpleGrid>
  );
}

function Tile({ figure, status, value }: { figure: Figure; status: SystemStatus; value: number | null }) {
  const m = useMessages();
  const { language } = useLanguage();
  const history = useHistory(figure);
  const { name, unit } = named(figure, m);
  const part = status[figure];
  const isWell = part.state === 'ok';
  const working = stillWorks(figure, status, language);
  return (
    <Card role="group" aria-label={name} p="sm" radius="md" className="tile" data-state={part.state}>
      <Stack gap={8} h="100%">
        <Group justify="space-between" wrap="nowrap">
          <Text fw={600} fz="sm" component="h2" m={0}>
            {name}
          </Text>
          <StateBadge state={part.state} />
        </Group>
        <Group justify="space-between" align="flex-end" wrap="nowrap" gap="xs">
          <Text fz="xs" c="dimmed" lh={1.2}>
            <Text span fz={24} fw={600} c="var(--mantine-color-text)" lh={1} mb={4} display="block">
              {shownAs(figure, value, language)}
            </Text>
            {unit}
          </Text>
          <Sparkline values={history} label={m.system.trend(name, unit)} width={88} height={26} />
        </Group>
        <Text fz="xs" c={isWell ? 'dimmed' : undefined} style={{ overflowWrap: 'anywhere' }}>
          {sentenceOf(figure, status, language)}
          {!isWell && part.since !== null && (
            <>
              {' '}
              ({m.system.since} <ClockTime at={part.since} language={language} />)
            </>
          )}
        </Text>
        {working !== null && (
          <Text fz="xs" style={{ overflowWrap: 'anywhere' }}>
            <Text span inherit fw={600}>
              {m.system.stillWorks}:
            </Text>{' '}
            {working}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

const A_MINUTE_MS = 60_000;
const A_DAY_MS = 86_400_000;

/** The time of day, with its date where that is not today's: what follows "since" in any language. */
function ClockTime({ at, language }: { at: string; language: string }) {
  const date = new Date(at);
  const now = useNow(A_MINUTE_MS);
  const isOld = now.getTime() - date.getTime() > A_DAY_MS;
  const format = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    ...(isOld && { day: 'numeric', month: 'short' }),
  });
  return <time dateTime={at}>{format.format(date)}</time>;
}
