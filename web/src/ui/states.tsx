import { Button, Center, Group, Paper, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconFilterOff, IconPlugConnectedX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { ProblemDetails } from '@/ui/problem.tsx';

/** False for the first 300 ms: what is there by then needs no skeleton. */
export function useSlow(delayMs = 300): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), delayMs);
    return () => clearTimeout(timer);
  }, [delayMs]);
  return slow;
}

/** From so high on, what comes is a box of its own and no line of a list. */
const BOX_PX = 64;
/** From so high on, a line begins with a picture. */
const PICTURED_PX = 44;

const GRID = { display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(min(300px, 100%), 1fr))' };

/** Lines or boxes in the shape of what comes. Takes its place from the start, and shows itself when it takes long. */
export function LoadingRows({
  rows = 8,
  height = 40,
  isGrid = false,
}: {
  rows?: number;
  height?: number;
  /** As many beside each other as there is room for. */
  isGrid?: boolean;
}) {
  const m = useMessages();
  const slow = useSlow();
  return (
    <Stack
      gap={height < BOX_PX ? 0 : 12}
      role="status"
      aria-label={m.common.loading}
      style={{ visibility: slow ? 'visible' : 'hidden', ...(isGrid && GRID) }}
    >
      {Array.from({ length: rows }, (_, row) =>
        height < BOX_PX ? <ComingLine key={row} row={row} height={height} /> : <ComingBox key={row} height={height} />,
      )}
    </Stack>
  );
}

function ComingLine({ row, height }: { row: number; height: number }) {
  return (
    <Group h={height} gap="sm" wrap="nowrap" style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
      {height >= PICTURED_PX && <Skeleton height={28} width={28} radius="md" style={{ flexShrink: 0 }} />}
      <Skeleton height={10} width={`${22 + ((row * 7) % 16)}%`} />
      <Skeleton height={10} width="12%" ml="auto" />
    </Group>
  );
}

function ComingBox({ height }: { height: number }) {
  return (
    <Paper h={height} px="md" style={{ display: 'grid', alignContent: 'center', gap: 10 }}>
      <Skeleton height={12} width="30%" />
      <Skeleton height={10} width="60%" />
    </Paper>
  );
}

/** Nothing there yet: what this place is for, and the first thing to do. */
export function Empty({
  icon,
  title,
  hint,
  action,
}: {
  icon: ReactNode;
  title: string;
  hint: string;
  action?: ReactNode;
}) {
  return (
    <Center py={64}>
      <Stack align="center" gap="sm" maw={420}>
        <ThemeIcon variant="light" color="gray" size={48} radius="xl" aria-hidden>
          {icon}
        </ThemeIcon>
        <Title order={2} fz="lg" ta="center">
          {title}
        </Title>
        <Text c="dimmed" ta="center">
          {hint}
        </Text>
        {action}
      </Stack>
    </Center>
  );
}

/** There are some, and none passes the filters. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  const m = useMessages();
  return (
    <Empty
      icon={<IconFilterOff size={24} />}
      title={m.common.noMatch}
      hint={m.common.noMatchHint}
      action={
        <Button variant="default" onClick={onClear}>
          {m.common.clearFilters}
        </Button>
      }
    />
  );
}

/** It could not be loaded: what failed, another try, and what support asks for. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const m = useMessages();
  return (
    <Center py={48} role="alert">
      <Stack align="center" gap="sm" maw={520}>
        <ThemeIcon variant="light" color="red" size={48} radius="xl" aria-hidden>
          <IconPlugConnectedX size={24} />
        </ThemeIcon>
        <Title order={2} fz="lg" ta="center">
          {m.common.failed}
        </Title>
        <ProblemDetails error={error} />
        {onRetry && (
          <Button variant="default" onClick={onRetry}>
            {m.common.retry}
          </Button>
        )}
      </Stack>
    </Center>
  );
}
