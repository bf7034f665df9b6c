import { useSyncExternalStore } from 'react';
import type { SystemStatus } from '@modplane/client';

export type Figure = 'postgres' | 'kafka' | 'redis' | 'relay' | 'consumers' | 'cache' | 'operations' | 'dead_letters';
type Sample = Readonly<Record<Figure, number | null>> & { readonly at: number };

const KEPT_MS = 15 * 60_000;

/** Kept beside the page, so that leaving it for another and coming back loses nothing. A reload begins anew. */
let samples: readonly Sample[] = [];
const listeners = new Set<() => void>();

/** The figure that a part is watched by; null when nobody knows it. */
export function figuresOf(status: SystemStatus): Readonly<Record<Figure, number | null>> {
  const open = status.dead_letters.open;
  return {
    postgres: status.postgres.answer_ms,
    kafka: status.kafka.answer_ms,
    redis: status.redis.answer_ms,
    relay: status.relay.waiting,
    consumers: status.consumers.lag,
    cache: status.cache.hit_ratio,
    operations: status.operations.pending,
    dead_letters: open && open.command + open.event + open.relay,
  };
}

/** Takes a status into the history, once. */
export function record(status: SystemStatus): void {
  const at = Date.parse(status.checked_at);
  if (samples.some((sample) => sample.at === at)) return;
  samples = [...samples.filter((sample) => sample.at > at - KEPT_MS), { ...figuresOf(status), at }];
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The figures of the last 15 minutes, oldest first; what is unknown is left out. */
export function useHistory(figure: Figure): readonly number[] {
  const all = useSyncExternalStore(subscribe, () => samples);
  return all.map((sample) => sample[figure]).filter((value) => value !== null);
}
