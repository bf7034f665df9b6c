import { Group, Text } from '@mantine/core';
import { useMessages } from '@/i18n/messages.tsx';

/** The product's mark, as in the tab of the browser, and its name. */
export function Logo() {
  const m = useMessages();
  return (
    <Group gap={8} wrap="nowrap" component="span" style={{ display: 'inline-flex' }}>
      <img src="/favicon.svg" alt="" width={22} height={22} />
      <Text span fz="md" fw={600} style={{ letterSpacing: '-0.01em' }}>
        {m.common.appName}
      </Text>
    </Group>
  );
}
