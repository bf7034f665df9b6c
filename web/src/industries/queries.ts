import { operations } from '@modplane/client';
import type { IndustryModule, IndustryUsage, ModuleDetails } from '@modplane/client';
import { getIndustriesUsageOptions, getModuleRegistryOptions } from '@modplane/client/react-query';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Draft, Registry } from '@/industries/draft.ts';

/** The whole registry, by id. */
export const registryById = () => ({
  ...getModuleRegistryOptions(),
  staleTime: 60_000,
  select: ({ items }: { items: readonly ModuleDetails[] }): Registry =>
    new Map(items.map((module) => [module.module_id, module])),
});

/** Who is on the current version of each template, and who on older ones. */
export const usageByCode = () => ({
  ...getIndustriesUsageOptions(),
  select: ({ items }: { items: readonly IndustryUsage[] }): ReadonlyMap<string, IndustryUsage> =>
    new Map(items.map((one) => [one.industry_code, one])),
});

export type Judgement = Pick<IndustryModule, 'module_id' | 'state' | 'config_errors'>;

/** What a signup would make of each module of the list, as a dry run tells it. */
function judgements(impact: Readonly<Record<string, unknown>> | null | undefined): ReadonlyMap<string, Judgement> {
  // The contract leaves the impact of a command open; that of a template's new list names all its modules.
  const judged = (impact?.['modules'] ?? []) as readonly Judgement[];
  return new Map(judged.map((one) => [one.module_id, one]));
}

/** What the service says of a list that is not saved: what it would become, or why it would be refused. */
export const dryRun = (code: string, draft: Draft) =>
  queryOptions({
    queryKey: ['industry draft', code, draft],
    queryFn: async ({ signal }) => {
      const { data } = await operations.updateIndustry({
        path: { industry_code: code },
        body: { modules: [...draft] },
        query: { dry_run: true },
        signal,
      });
      // A dry run is always answered at once.
      if (!('modules' in data)) throw new Error('A dry run was answered with an operation.');
      return { ...data, judged: judgements(data.impact) };
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
