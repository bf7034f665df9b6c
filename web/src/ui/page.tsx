import { Box, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useMessages } from '@/i18n/messages.tsx';

interface PageProps {
  readonly title: string;
  readonly subtitle?: ReactNode;
  readonly above?: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A page: what it is, what it counts, and one thing to do, in the same places everywhere. */
export function Page({ title, subtitle, above, action, children }: PageProps) {
  const m = useMessages();
  useDocumentTitle(`${title} · ${m.common.appName}`);
  return (
    <Stack gap="lg" maw={1440} mx="auto" w="100%">
      <Group justify="space-between" align="flex-start" gap="md">
        <Box style={{ minWidth: 0, flex: '1 1 240px' }}>
          {above}
          <Title order={1} fz={22} style={{ overflowWrap: 'anywhere' }}>
            {title}
          </Title>
          {subtitle !== undefined && (
            <Text component="div" c="dimmed" fz="sm" mt={2}>
              {subtitle}
            </Text>
          )}
        </Box>
        {action}
      </Group>
      {children}
    </Stack>
  );
}
