import { Button, Center, Stack, Text, Title } from '@mantine/core';
import { type ComponentType, type LazyExoticComponent, createElement, lazy, useEffect, useState } from 'react';
import { onReachabilityChange, reachability } from '@/api/reachability.ts';
import { useMessages } from '@/i18n/messages.tsx';

type Load<Props> = () => Promise<ComponentType<Props>>;

/**
 * A component from a chunk of its own. When that cannot be loaded, because the network is away say, what is shown in its
 * place says so and loads it again; the page around it stands. `onMissing`: it is to be seen, and is not to be had.
 */
export async function loadedOrAgain<Props extends object>(
  load: Load<Props>,
  onMissing?: () => Promise<void>,
): Promise<ComponentType<Props>> {
  try {
    return await load();
  } catch {
    return again(load, onMissing);
  }
}

/** As React's `lazy`, for the parts of a page that are heavy and seldom needed. */
export function lazyPart<Props extends object>(
  load: () => Promise<{ readonly default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await loadedOrAgain(async () => (await load()).default) }));
}

function again<Props extends object>(
  load: Load<Props>,
  onMissing: (() => Promise<void>) | undefined,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Again(props: Props) {
    const [Part, setPart] = useState(() => loaded);
    const [isLoading, setLoading] = useState(true);
    useEffect(() => {
      if (Part !== null || !isLoading) return;
      let isCurrent = true;
      void load().then(
        (part) => {
          loaded = part;
          if (isCurrent) setPart(() => part);
        },
        () => {
          if (!isCurrent) return;
          setLoading(false);
          void onMissing?.();
        },
      );
      return () => {
        isCurrent = false;
      };
    }, [Part, isLoading]);
    useEffect(
      () =>
        onReachabilityChange(() => {
          if (reachability() === 'reachable') setLoading(true);
        }),
      [],
    );
    if (Part !== null) return createElement(Part, props);
    return isLoading ? null : <Missing onRetry={() => setLoading(true)} />;
  };
}

function Missing({ onRetry }: { onRetry: () => void }) {
  const m = useMessages();
  return (
    <Center p="md" mih={160} role="alert">
      <Stack align="center" gap="sm" maw={460}>
        <Title order={2} fz="lg" ta="center">
          {m.common.partMissingTitle}
        </Title>
        <Text c="dimmed" ta="center">
          {m.common.partMissingDetail}
        </Text>
        <Button variant="default" onClick={onRetry}>
          {m.common.retry}
        </Button>
      </Stack>
    </Center>
  );
}
