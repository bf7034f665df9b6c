import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type OrganizationModule, unassignModule } from '@modplane/client';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { ForceDialog } from '@/assignments/force-dialog.tsx';
import { restoreUnassigned } from '@/assignments/mutations.ts';
import { notifyDone, notifyProblem } from '@/ui/notify.tsx';

interface Wish {
  readonly module: OrganizationModule;
  readonly reason?: string;
}

/**
 * Takes a module from a tenant. What is reversible is done at once, with Undo; what a template requires asks first.
 * A suspended tenant gets nothing back before it is reactivated: there, no Undo is offered.
 */
export function useUnassign(
  organizationId: string,
  organizationName: string,
  nameOf: (code: string) => string,
  isSuspended: boolean,
) {
  const m = useMessages();
  const [asking, setAsking] = useState<{ module: OrganizationModule; requiredBy: readonly string[] } | null>(null);
  const mutation = useMutation({
    mutationFn: ({ module, reason }: Wish) =>
      unassignModule(organizationId, module.module_id, reason ? { query: { force: true, reason } } : {}),
    meta: { isHandled: true },
    onSuccess: ({ operation_id: operation }, { module }) => {
      setAsking(null);
      const undo =
        isSuspended || operation === undefined ? undefined : () => restoreUnassigned(organizationId, operation);
      notifyDone(m.assignments.unassigned(module.module_name, organizationName), m, undo);
    },
    onError: (error, wish) => {
      const problem = problemOf(error);
      if (problem?.code === 'module_required' && !wish.reason) {
        const told = problem.problem['industries'];
        const requiredBy = Array.isArray(told) ? told.filter((code) => typeof code === 'string') : [];
        setAsking({ module: wish.module, requiredBy });
      } else if (!wish.reason) notifyProblem(error, m);
    },
  });
  const dialog = asking && (
    <ForceDialog
      module={asking.module}
      requiredBy={asking.requiredBy.map(nameOf)}
      canBeUndone={!isSuspended}
      error={mutation.variables?.reason ? mutation.error : null}
      busy={mutation.isPending}
      onForce={(reason) => mutation.mutate({ module: asking.module, reason })}
      onClose={() => setAsking(null)}
    />
  );
  return {
    dialog,
    busy: mutation.isPending ? mutation.variables.module.module_id : null,
    unassign: (module: OrganizationModule) => {
      if (module.is_required) {
        mutation.reset();
        setAsking({ module, requiredBy: module.required_by });
      } else mutation.mutate({ module });
    },
  };
}
