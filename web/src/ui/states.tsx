import { Button, Center, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
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

/** Rows in the shape of what comes. Takes its place from the start, and shows itself when it takes long. */
export function LoadingRows({ rows = 8, height = 40 }: { rows?: number; height?: number }) {
  const m = useMessages();
  const slow = useSlow();
  return (
    <Stack gap={8} role="status" aria-label={m.common.loading} style={{ visibility: slow ? 'visible' : 'hidden' }}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="sm" />
      ))}
    </Stack>
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
