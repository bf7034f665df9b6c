import type { GetEventsData } from '@modplane/client';
import { fetchSignedIn } from '@/api/token.ts';

/** What the address says of the audit page. */
export interface AuditAddress {
  organization?: string | undefined;
  module?: string | undefined;
  industry?: string | undefined;
  actor?: string | undefined;
  /** Types, separated by commas. */
  type?: string | undefined;
  operation?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  event?: string | undefined;
  live?: boolean | undefined;
}

export type EventQuery = NonNullable<GetEventsData['query']>;

export const typesOf = (address: AuditAddress): string[] => address.type?.split(',').filter(Boolean) ?? [];

/** The service's filter of an address; what the address leaves out is left out. */
export function queryOf(address: AuditAddress): EventQuery {
  const types = typesOf(address);
  return {
    ...(address.organization !== undefined && { organization_id: address.organization }),
    ...(address.module !== undefined && { module_id: address.module }),
    ...(address.industry !== undefined && { industry_code: address.industry }),
    ...(address.actor !== undefined && { user_id: address.actor }),
    ...(address.operation !== undefined && { operation_id: address.operation }),
    ...(address.from !== undefined && { since: address.from }),
    ...(address.to !== undefined && { until: address.to }),
    ...(types.length > 0 && { type: types }),
  };
}

export const isFiltered = (address: AuditAddress): boolean => Object.keys(queryOf(address)).length > 0;

/** Saves all events of a filter as a file, a line of JSON each; answers how many there were. */
export async function saveEvents(query: EventQuery): Promise<number> {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) words.append(name, String(one));
  }
  const answer = await fetchSignedIn(`/api/v1/events/export?${words.toString()}`);
  if (!answer.ok) throw new Error(`The export answered ${answer.status}.`);
  const text = await answer.text();
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `events-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.ndjson`;
  link.click();
  URL.revokeObjectURL(url);
  return text.split('\n').filter(Boolean).length;
}
