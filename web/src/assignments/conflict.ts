import { problemOf } from '@/api/client.ts';
import { type EventSince, eventsSince } from '@/ui/events-since.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a 412 tells of a tenant's assignments: how one module's own config is now, and who did what. */
export interface ConflictDetails {
  readonly sequence: number;
  /** Undefined when the tenant does not have the module any more. */
  readonly own: Json | undefined;
  readonly events: readonly EventSince[];
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listed = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

export function conflictDetailsOf(error: unknown, moduleId: string): ConflictDetails | null {
  const problem = problemOf(error)?.problem;
  const current = problem?.['current'];
  if (problem === undefined || !isObject(current)) return null;
  const item = listed(current['items']).find((one) => one['module_id'] === moduleId);
  const own = item?.['own_config'];
  return {
    sequence: Number(current['sequence'] ?? problem['sequence']),
    own: isObject(own) ? own : undefined,
    events: eventsSince(error),
  };
}
