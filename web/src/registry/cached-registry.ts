import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ModuleDetails, ModuleList, ModuleResult } from '@modplane/client';
import { getModuleRegistryQueryKey } from '@modplane/client/react-query';

/** The registry as it was read, changed by what is known already; the next reading agrees, or sets it right. */
export function useCachedRegistry() {
  const queryClient = useQueryClient();
  return useMemo(() => {
    const queryKey = getModuleRegistryQueryKey();
    const change = (changed: (items: readonly ModuleDetails[]) => ModuleDetails[]) =>
      queryClient.setQueryData<ModuleList>(queryKey, (list) => list && { ...list, items: changed(list.items) });
    return {
      /** A reading that is under way does not undo what is put in now. */
      hold: () => queryClient.cancelQueries({ queryKey }),
      change: (id: string, changes: Partial<ModuleDetails>) =>
        change((items) => items.map((one) => (one.module_id === id ? { ...one, ...changes } : one))),
      /** A module as the answer to a write tells it. */
      put: (told: ModuleResult & { readonly sequence?: number }) =>
        change((items) => {
          const before = items.find((one) => one.module_id === told.module_id);
          const now = new Date().toISOString();
          const sequence = told.sequence ?? before?.sequence ?? 1;
          const after = { created_at: now, ...before, ...told, sequence, updated_at: now };
          return before ? items.map((one) => (one === before ? after : one)) : [...items, after];
        }),
    };
  }, [queryClient]);
}
