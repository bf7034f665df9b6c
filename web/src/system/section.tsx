import { Box, Group, Paper, ScrollArea, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A titled part of the page, whose table scrolls sideways where it does not fit. */
export function Section({
  title,
  hint,
  action,
  children,
}: {
  title: string;
  hint?: string | undefined;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Group justify="space-between">
        <Box>
          <Title order={2} fz="lg">
            {title}
          </Title>
          {hint !== undefined && (
            <Text fz="xs" c="dimmed">
              {hint}
            </Text>
          )}
        </Box>
        {action}
      </Group>
      <Paper style={{ overflow: 'hidden' }}>
        <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': title }}>
          {children}
        </ScrollArea>
      </Paper>
    </Stack>
  );
}
