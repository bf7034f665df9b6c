import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ModuleChanges, type ModuleDetails, operations, updateModule } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { useCachedRegistry } from '@/registry/cached-registry.ts';
import { inverseOf } from '@/registry/form-values.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { requireStored } from '@/ui/stored.ts';

/** Whose configs would not fit new rules. */
export interface Violations {
  readonly organizations: number;
  readonly atLeast: boolean;
  readonly templates: readonly string[];
}

interface Saved {
  readonly base: ModuleDetails;
  readonly changes: ModuleChanges;
  readonly violationsSeen: boolean;
}

const ifMatch = (module: ModuleDetails) => ({ 'If-Match': `"${module.sequence}"` });

/**
 * Saves what was changed, for the state the person saw: anything newer refuses it with 412. Rules that others' configs
 * would not fit are not saved before that was seen.
 */
export function useSaving() {
  const m = useMessages();
  const queryClient = useQueryClient();
  const cached = useCachedRegistry();
  const mutation = useMutation({
    mutationFn: async ({ base, changes, violationsSeen }: Saved): Promise<'saved' | Violations> => {
      if (Object.keys(changes).length === 0) return 'saved';
      const rules = changes.config_schema !== undefined || changes.default_config !== undefined;
      const found = rules && !violationsSeen ? await dryRun(base, changes) : null;
      if (found !== null) return found;
      const stored = await updateModule(base.module_id, changes, { headers: ifMatch(base) });
      cached.put(stored);
      requireStored(changes.default_config, changes.default_config && stored.default_config);
      requireStored(changes.config_schema, changes.config_schema && stored.config_schema);
      return 'saved';
    },
    meta: { isHandled: true },
  });
  const save = async (base: ModuleDetails, changes: ModuleChanges, violationsSeen: boolean) => {
    const outcome = await mutation.mutateAsync({ base, changes, violationsSeen });
    if (outcome === 'saved') {
      if (Object.keys(changes).length === 0) notifyDone(m.modules.unchanged, m);
      else {
        notifyDone(m.modules.saved(changes.module_name ?? base.module_name), m, async () => {
          await updateModule(base.module_id, inverseOf(base, changes));
          await queryClient.invalidateQueries();
        });
      }
    }
    return outcome;
  };
  return { save, error: mutation.error, isPending: mutation.isPending, reset: mutation.reset };
}

async function dryRun(base: ModuleDetails, changes: ModuleChanges): Promise<Violations | null> {
  const { data } = await operations.updateModule({
    path: { module_id: base.module_id },
    body: changes,
    query: { dry_run: true },
    headers: ifMatch(base),
    throwOnError: true,
  });
  if (!('impact' in data) || !data.impact) return null;
  const { violating_organizations, violating_templates, at_least } = data.impact;
  const organizations = Number(violating_organizations ?? 0);
  const templates = Array.isArray(violating_templates)
    ? violating_templates.filter((one): one is string => typeof one === 'string')
    : [];
  return organizations === 0 && templates.length === 0
    ? null
    : { organizations, templates, atLeast: at_least === true };
}
