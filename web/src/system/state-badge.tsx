import { Badge } from '@mantine/core';
import { IconAlertTriangle, IconHelp, IconX, type TablerIcon } from '@tabler/icons-react';
import type { SystemStatus } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { StateDot } from '@/ui/state-dot.tsx';

export type State = SystemStatus['state'];

const LOOKS: Record<Exclude<State, 'ok'>, { readonly color: string; readonly Icon: TablerIcon }> = {
  degraded: { color: 'orange', Icon: IconAlertTriangle },
  down: { color: 'red', Icon: IconX },
  unknown: { color: 'gray', Icon: IconHelp },
};

/** A state in a word, a colour and a shape. */
export function StateBadge({ state }: { state: State }) {
  const m = useMessages();
  if (state === 'ok') return <StateDot>{m.system.ok}</StateDot>;
  const { color, Icon } = LOOKS[state];
  return (
    <Badge
      variant="light"
      color={color}
      leftSection={<Icon size={12} aria-hidden />}
      tt="none"
      fw={500}
      style={{ flexShrink: 0 }}
    >
      {m.system[state]}
    </Badge>
  );
}
