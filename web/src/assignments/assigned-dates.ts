import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { LoggedEvent } from '@modplane/client';
import { getEventsOptions } from '@modplane/client/react-query';
import { isJsonObject } from '@/ui/json-values.ts';

const TYPES = ['tenant.module.assigned', 'tenant.module.bulk_assigned'];
/** What was assigned longer ago than so many assignments has no date. */
const LOOKED_AT = 200;

const listed = (value: unknown) => (Array.isArray(value) ? (value as unknown[]).filter(isJsonObject) : []);

const isByHand = (sources: unknown): boolean => listed(sources).some((source) => source['kind'] === 'explicit');

/** When modules were last assigned by hand, by id, as events tell it, the newest first. */
export function assignedDates(events: readonly LoggedEvent[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { payload, occurred_at: at } of events) {
    for (const { module_id: id, sources, sources_before: before } of listed(
      isJsonObject(payload) && payload['modules'],
    ))
      if (typeof id === 'string' && isByHand(sources) && !isByHand(before) && !found.has(id)) found.set(id, at);
  }
  return found;
}

export function useAssignedDates(organizationId: string): ReadonlyMap<string, string> {
  const query = { organization_id: organizationId, type: TYPES, limit: LOOKED_AT };
  const { data } = useQuery(getEventsOptions({ query }));
  return useMemo(() => assignedDates(data?.items ?? []), [data]);
}
