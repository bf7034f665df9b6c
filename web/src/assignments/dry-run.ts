import type { AssignmentResult, DecidedOrForeseen } from '@modplane/client';

export const FATES = ['added', 'sources', 'unchanged', 'skipped', 'removed', 'untouched'] as const;
/** What a command would do to one module. `untouched`: it is not of the command's business. */
export type Fate = (typeof FATES)[number];

/** What applying a template would do, and what binds a command to just that. */
export interface DryRun {
  readonly preview: string;
  readonly sequence: number;
  readonly version: number;
  readonly changes: boolean;
  readonly setsIndustry: boolean;
  readonly fates: ReadonlyMap<string, Fate>;
  /** Modules whose config of an earlier time no longer fits and does not come back. */
  readonly discarded: readonly string[];
  readonly reasons: ReadonlyMap<string, 'config_invalid' | 'module_inactive' | 'module_unknown'>;
}

const isFate = (change: string): change is Fate => FATES.some((fate) => fate === change);

export function dryRunOf(answer: DecidedOrForeseen & AssignmentResult): DryRun {
  const fates = new Map<string, Fate>();
  for (const id of answer.unchanged) fates.set(id, 'unchanged');
  for (const id of answer.assigned) fates.set(id, 'added');
  for (const { subject, change } of (answer.changes ?? []).flatMap((one) => one.differences))
    if (isFate(change)) fates.set(subject, change);
  for (const { module_id: id } of answer.skipped) fates.set(id, 'skipped');
  for (const id of answer.removed) fates.set(id, 'removed');
  return {
    preview: answer.preview ?? '',
    sequence: answer.sequence ?? 0,
    version: answer.version ?? 0,
    changes: answer.status === 'applied',
    setsIndustry: answer.sets_industry === true,
    fates,
    discarded: answer.discarded_configs,
    reasons: new Map(answer.skipped.map((one) => [one.module_id, one.reason])),
  };
}

export interface Moved {
  readonly id: string;
  readonly before: Fate;
  readonly after: Fate;
}

/** Which modules have another fate than a moment ago. */
export function movedBetween(before: DryRun, after: DryRun): readonly Moved[] {
  return [...new Set([...before.fates.keys(), ...after.fates.keys()])]
    .sort()
    .map((id) => ({ id, before: before.fates.get(id) ?? 'untouched', after: after.fates.get(id) ?? 'untouched' }))
    .filter((one) => one.before !== one.after) satisfies readonly Moved[];
}
