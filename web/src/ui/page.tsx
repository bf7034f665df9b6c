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
      <Box>
        {above}
        <Group justify="space-between" align="flex-start" gap="6px 12px">
          <Title order={1} fz={22} lh="36px" style={{ overflowWrap: 'anywhere', minWidth: 0, flex: '1 1 130px' }}>
            {title}
          </Title>
          {action}
        </Group>
        {subtitle !== undefined && (
          <Text component="div" c="dimmed" fz="sm" mt={2}>
            {subtitle}
          </Text>
        )}
      </Box>
      {children}
    </Stack>
  );
}
