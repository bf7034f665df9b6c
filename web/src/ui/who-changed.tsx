import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getEventsOptions } from '@modplane/client/react-query';
import type { ActivityOf } from '@/ui/activity.tsx';
import type { EventSince } from '@/ui/events-since.ts';
import { ActorName } from '@/ui/names.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

/** Who was first, and when. `organizationId`: where to look for the name of who is no super admin. */
export function WhoChanged({ event, organizationId = null }: { event: EventSince; organizationId?: string | null }) {
  return (
    <Text fz="sm" component="div">
      <ActorName id={event.userId} organizationId={organizationId} /> · <TimeAgo at={event.occurredAt} />
    </Text>
  );
}

/** Who did one kind of thing to something last, as the log tells it. */
export function LastChange({ of, type }: { of: ActivityOf; type: string }) {
  const { data } = useQuery(getEventsOptions({ query: { ...of, type: [type], limit: 1 } }));
  const last = data?.items[0];
  return last && <WhoChanged event={{ type: last.type, userId: last.user_id, occurredAt: last.occurred_at }} />;
}
