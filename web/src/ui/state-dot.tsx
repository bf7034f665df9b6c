import { Box, Group, Text } from '@mantine/core';

/** A state that is as it should be: a word and a dot. What is not so stands out by a badge. */
export function StateDot({ color = 'teal', children }: { color?: 'teal' | 'gray'; children: string }) {
  return (
    <Group component="span" gap={6} wrap="nowrap" style={{ display: 'inline-flex', flexShrink: 0 }}>
      <Box
        component="span"
        w={7}
        h={7}
        bg={color === 'teal' ? 'teal.6' : 'gray.5'}
        style={{ borderRadius: 4, flexShrink: 0 }}
        aria-hidden
      />
      <Text span fz="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        {children}
      </Text>
    </Group>
  );
}
