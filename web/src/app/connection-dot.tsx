import { Box, Group, Text, Tooltip } from '@mantine/core';
import { type Connection, useConnection } from '@/app/live.ts';
import { type Messages, useLanguage, useMessages } from '@/i18n/messages.tsx';
import { ago, useNow } from '@/ui/time-ago.tsx';

const COLORS: Record<Connection, string> = {
  connecting: 'gray.6',
  live: 'teal.7',
  reconnecting: 'orange.7',
  offline: 'red.7',
};

const words = (connection: Connection, m: Messages) =>
  ({
    connecting: m.shell.connecting,
    live: m.shell.live,
    reconnecting: m.shell.reconnecting,
    offline: m.shell.offline,
  })[connection];

/** Whether what is on screen follows the service, and how old the last event is. */
export function ConnectionDot({ narrow }: { narrow: boolean }) {
  const m = useMessages();
  const { language } = useLanguage();
  const now = useNow(10_000);
  const { connection, lastEventAt } = useConnection();
  const age = lastEventAt === null ? m.shell.noEventYet : m.shell.lastEvent(ago(lastEventAt, now, language));
  const text = words(connection, m);
  return (
    <Tooltip label={`${text}, ${age}`} position="right">
      <Group
        gap={8}
        px={12}
        py={6}
        role="status"
        aria-label={`${text}, ${age}`}
        justify={narrow ? 'center' : 'flex-start'}
        wrap="nowrap"
      >
        <Box
          w={8}
          h={8}
          bg={COLORS[connection]}
          className="dot"
          data-on={connection === 'live' || undefined}
          aria-hidden
        />
        {!narrow && (
          <Text fz="xs" c="dimmed" aria-hidden>
            {text}
          </Text>
        )}
      </Group>
    </Tooltip>
  );
}
