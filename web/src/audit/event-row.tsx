import { ActionIcon, Box, Group, Text, ThemeIcon } from '@mantine/core';
import {
  IconBuilding,
  IconBuildingStore,
  IconChevronRight,
  IconKey,
  IconPackage,
  IconSettings,
  type TablerIcon,
} from '@tabler/icons-react';
import { memo } from 'react';
import type { LoggedEvent } from '@modplane/client';
import { EventDetails } from '@/audit/event-details.tsx';
import { useMessages } from '@/i18n/messages.tsx';
import { EventSentence } from '@/ui/event-sentence.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const ICONS: readonly (readonly [string, TablerIcon, string])[] = [
  ['tenant.module.config', IconSettings, 'gray'],
  ['tenant.module.', IconPackage, 'indigo'],
  ['tenant.industry.', IconBuildingStore, 'teal'],
  ['tenant.organization.', IconBuilding, 'orange'],
  ['', IconKey, 'gray'],
];

const lookOf = (type: string) => ICONS.find(([prefix]) => type.startsWith(prefix)) ?? (['', IconKey, 'gray'] as const);

/** An event in one line; open, with all it tells. */
export const EventRow = memo(function EventRow({
  event,
  isOpen,
  onToggle,
}: {
  event: LoggedEvent;
  isOpen: boolean;
  onToggle: () => void;
}) {
  const m = useMessages();
  const [, Icon, color] = lookOf(event.type);
  const details = `details-${event.event_id}`;
  return (
    <Box component="article" className="event" data-open={isOpen || undefined}>
      <Group gap="sm" px="md" py={7} wrap="nowrap" className="row-link" onClick={onToggle}>
        <ThemeIcon visibleFrom="xs" size={24} radius="sm" variant="light" color={color} aria-hidden>
          <Icon size={14} />
        </ThemeIcon>
        <Text fz="sm" className="event-sentence" onClick={(click) => isLink(click.target) && click.stopPropagation()}>
          <EventSentence event={event} />
          {event.reason !== null && (
            <Text span inherit c="dimmed">
              {' '}
              · “{event.reason}”
            </Text>
          )}
          <Text hiddenFrom="xs" component="div" fz="xs" c="dimmed">
            <TimeAgo at={event.occurred_at} />
          </Text>
        </Text>
        <TimeAgo at={event.occurred_at} visibleFrom="xs" fz="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} />
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-expanded={isOpen}
          aria-controls={isOpen ? details : undefined}
          aria-label={isOpen ? m.audit.collapse : m.audit.expand}
        >
          <IconChevronRight
            size={16}
            aria-hidden
            style={{ transform: isOpen ? 'rotate(90deg)' : undefined, transition: 'transform 120ms' }}
          />
        </ActionIcon>
      </Group>
      {isOpen && <EventDetails id={details} event={event} />}
    </Box>
  );
});

const isLink = (target: EventTarget) => target instanceof Element && target.closest('a') !== null;
