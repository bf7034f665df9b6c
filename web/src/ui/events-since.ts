import { problemOf } from '@/api/client.ts';
import { isJsonObject } from '@/ui/json-values.ts';

/** What somebody did since the state a command was meant for. */
export interface EventSince {
  readonly type: string;
  readonly userId: string;
  readonly occurredAt: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a 412 tells of what happened meanwhile, oldest first. */
export function eventsSince(error: unknown): readonly EventSince[] {
  const events = problemOf(error)?.problem['events'];
  return (Array.isArray(events) ? (events as unknown[]) : []).filter(isJsonObject).map((one) => ({
    type: text(one['type']),
    userId: text(one['user_id']),
    occurredAt: text(one['occurred_at']),
  }));
}
