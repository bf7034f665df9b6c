import type { ModuleDetails, TemplateModule } from '@modplane/client';
import { sameJson } from '@/ui/json-values.ts';

export type Draft = readonly TemplateModule[];

/** Where a change of a template starts from: `sequence` is for If-Match. */
export interface Base {
  readonly version: number;
  readonly sequence: number;
  readonly modules: Draft;
}

export type Registry = ReadonlyMap<string, ModuleDetails>;
export type Standing = 'active' | 'inactive' | 'missing';

export const nameIn = (registry: Registry, id: string): string => registry.get(id)?.module_name ?? id;

export const sameList = (one: Draft, other: Draft): boolean => sameJson(one, other);

/** How a module stands in the registry: only an active one can be given to a new tenant. */
export function standingOf(registry: Registry, id: string): Standing {
  const module = registry.get(id);
  if (module === undefined) return 'missing';
  return module.is_active ? 'active' : 'inactive';
}

export interface ListDifference {
  readonly added: readonly string[];
  readonly takenOut: readonly string[];
  readonly nowRequired: readonly string[];
  readonly nowOptional: readonly string[];
  readonly changedConfig: readonly string[];
  readonly isReordered: boolean;
}

/** What changes from one list of modules to another. */
export function listDifference(before: Draft, after: Draft): ListDifference {
  const old = new Map(before.map((one) => [one.module_id, one]));
  const now = new Set(after.map((one) => one.module_id));
  const kept = after.flatMap((one) => {
    const was = old.get(one.module_id);
    return was === undefined ? [] : [{ was, one }];
  });
  const ids = (pairs: typeof kept) => pairs.map(({ one }) => one.module_id);
  const order = before.filter((one) => now.has(one.module_id)).map((one) => one.module_id);
  return {
    added: after.filter((one) => !old.has(one.module_id)).map((one) => one.module_id),
    takenOut: before.filter((one) => !now.has(one.module_id)).map((one) => one.module_id),
    nowRequired: ids(kept.filter(({ was, one }) => one.is_required && !was.is_required)),
    nowOptional: ids(kept.filter(({ was, one }) => !one.is_required && was.is_required)),
    changedConfig: ids(kept.filter(({ was, one }) => !sameJson(was.default_config, one.default_config))),
    isReordered: !sameJson(order, ids(kept)),
  };
}

/** A code made of a name: `Food & Drinks` is `food_drinks`. */
export const codeFor = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[^\p{ASCII}]/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[^a-z]+|_+$/g, '')
    .slice(0, 63);
