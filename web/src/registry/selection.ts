import type { ModuleDetails, ModuleUsage } from '@modplane/client';
import { bestFirst, searchedModule } from '@/ui/search-rank.ts';
import { byName } from '@/ui/words.ts';

/** What of the registry is shown, and in which order. */
export interface Selection {
  readonly q?: string | undefined;
  readonly category?: string | undefined;
  readonly status?: 'active' | 'inactive' | undefined;
  readonly service?: string | undefined;
  readonly sort?: SortColumn | undefined;
  readonly desc?: boolean | undefined;
}

export type SortColumn = 'name' | 'category' | 'used' | 'updated';

/** By module id; who is left out has never been assigned. */
export type Usages = ReadonlyMap<string, ModuleUsage>;

export const isFiltered = (wanted: Selection): boolean =>
  wanted.q !== undefined ||
  wanted.category !== undefined ||
  wanted.status !== undefined ||
  wanted.service !== undefined;

/** The registry in an order. It costs more than finding, and changes less often. */
export function sorted(
  modules: readonly ModuleDetails[],
  usages: Usages,
  sort: SortColumn,
  isDescending: boolean,
): readonly ModuleDetails[] {
  const by: Record<SortColumn, (one: ModuleDetails, other: ModuleDetails) => number> = {
    name: (one, other) => byName(one.module_name, other.module_name),
    category: (one, other) => byName(one.category, other.category) || by.name(one, other),
    used: (one, other) => used(usages, other.module_id) - used(usages, one.module_id) || by.name(one, other),
    updated: (one, other) => (one.updated_at < other.updated_at ? 1 : one.updated_at > other.updated_at ? -1 : 0),
  };
  const found = [...modules].sort(by[sort]);
  return isDescending ? found.reverse() : found;
}

/**
 * All words of `q` occur in the name, the code or the category; the best come first, unless an order is asked for. The
 * registry is all here: no round trip a letter.
 */
export function matching(
  modules: readonly ModuleDetails[],
  { q, category, status, service, sort, desc }: Selection,
): readonly ModuleDetails[] {
  const filtered = modules.filter(
    (module) =>
      (category === undefined || module.category === category) &&
      (service === undefined || module.service_name === service) &&
      (status === undefined || module.is_active === (status === 'active')),
  );
  const found = bestFirst(filtered, q ?? '', searchedModule);
  if (sort === undefined && desc === undefined) return found;
  const isFound = new Set(found);
  return filtered.filter((module) => isFound.has(module));
}

const used = (usages: Usages, moduleId: string): number => usages.get(moduleId)?.organizations ?? 0;

/** How many organizations had the module, day by day, up to now. */
export function thirtyDays({ organizations, assigned, unassigned }: ModuleUsage): number[] {
  const values: number[] = [];
  let then = organizations;
  for (let day = assigned.length - 1; day >= 0; day -= 1) {
    values.unshift(then);
    then -= (assigned[day] ?? 0) - (unassigned[day] ?? 0);
  }
  return values;
}

/** The values modules have, each with how many have it. */
export function choices(modules: readonly ModuleDetails[], of: (module: ModuleDetails) => string) {
  const counts = new Map<string, number>();
  for (const module of modules) counts.set(of(module), (counts.get(of(module)) ?? 0) + 1);
  return [...counts]
    .sort(([one], [other]) => byName(one, other))
    .map(([value, count]) => ({ value, label: value, count }));
}
