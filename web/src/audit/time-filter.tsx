import { Button, Group, Popover, Stack } from '@mantine/core';
import { IconCalendar } from '@tabler/icons-react';
import { useState } from 'react';
import { TimeInput } from '@/audit/time-input.tsx';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';

const HOUR_MS = 3_600_000;

const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();

interface TimeFilterProps {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly onChange: (next: { from?: string | undefined; to?: string | undefined }) => void;
}

/** From when to when: the usual spans, or two times of one's own. */
export function TimeFilter({ from, to, onChange }: TimeFilterProps) {
  const m = useMessages();
  const { language } = useLanguage();
  const [opened, setOpened] = useState(false);
  const shown = (at: string) =>
    new Date(at).toLocaleString(language, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const label =
    from !== undefined && to !== undefined
      ? m.audit.between(shown(from), shown(to))
      : from !== undefined
        ? m.audit.since(shown(from))
        : to !== undefined
          ? m.audit.before(shown(to))
          : m.audit.anyTime;
  const choose = (hours: number | null) => {
    onChange({ from: hours === null ? undefined : hoursAgo(hours), to: undefined });
    setOpened(false);
  };
  const spans: readonly (readonly [string, number | null])[] = [
    [m.audit.anyTime, null],
    [m.audit.lastHour, 1],
    [m.audit.lastDay, 24],
    [m.audit.lastWeek, 168],
    [m.audit.lastMonth, 720],
  ];
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus withRoles>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          fw={400}
          leftSection={<IconCalendar size={14} aria-hidden />}
          aria-label={`${m.audit.time}: ${label}`}
          onClick={() => setOpened(!opened)}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={m.audit.time}>
        <Stack gap="xs">
          <Group gap={4} maw={300}>
            {spans.map(([name, hours]) => (
              <Button key={name} size="compact-xs" variant="light" color="gray" onClick={() => choose(hours)}>
                {name}
              </Button>
            ))}
          </Group>
          <TimeInput label={m.audit.from} at={from} onChange={(at) => onChange({ from: at, to })} />
          <TimeInput label={m.audit.until} at={to} onChange={(at) => onChange({ from, to: at })} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
