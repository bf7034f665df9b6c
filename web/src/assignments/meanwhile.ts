import { problemOf } from '@/api/client.ts';

type Json = Readonly<Record<string, unknown>>;

export interface EventSince {
  readonly type: string;
  readonly userId: string;
  readonly occurredAt: string;
}

/** What a 412 tells of a tenant's assignments: how one module's own config is now, and who did what. */
export interface Meanwhile {
  readonly sequence: number;
  /** Undefined when the tenant does not have the module any more. */
  readonly own: Json | undefined;
  readonly events: readonly EventSince[];
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listed = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function meanwhileOf(error: unknown, moduleId: string): Meanwhile | null {
  const problem = problemOf(error)?.problem;
  const current = problem?.['current'];
  if (problem === undefined || !isObject(current)) return null;
  const item = listed(current['items']).find((one) => one['module_id'] === moduleId);
  const own = item?.['own_config'];
  return {
    sequence: Number(current['sequence'] ?? problem['sequence']),
    own: isObject(own) ? own : undefined,
    events: eventsOf(error),
  };
}

/** What happened since the state a command was meant for. */
export function eventsOf(error: unknown): readonly EventSince[] {
  return listed(problemOf(error)?.problem['events']).map((one) => ({
    type: text(one['type']),
    userId: text(one['user_id']),
    occurredAt: text(one['occurred_at']),
  }));
}
