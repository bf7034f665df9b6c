import { operations, outcome, type UpdateModuleConfigData, unassignModule } from '@modplane/client';
import type { Messages } from '@/i18n/messages.tsx';

/** Takes modules away again, one after the other: the inverse of having assigned them. */
export async function unassignAll(organizationId: string, moduleIds: readonly string[]): Promise<void> {
  for (const id of moduleIds) await unassignModule(organizationId, id);
}

/** What was assigned, and whose config of an earlier time was left out because it no longer fits. */
export function withDiscarded(text: string, names: readonly string[], m: Messages): string {
  return names.length === 0 ? text : `${text}. ${m.assignments.discarded(names)}`;
}

/** Takes an unassignment back as one command: sources, versions and config as they were, or a refusal that says why. */
export function restoreUnassigned(organizationId: string, operationId: string, reason?: string) {
  return outcome({}, (headers) =>
    operations.restoreAssignments({
      path: { organization_id: organizationId },
      body: { operation_id: operationId },
      ...(reason ? { query: { reason } } : {}),
      headers,
      throwOnError: true,
    }),
  );
}

/** Changes a tenant's own layer of a module's config by a JSON merge patch; `sequence`: only if it is still that state. */
export function patchConfig(
  organizationId: string,
  moduleId: string,
  patch: UpdateModuleConfigData['body'],
  { sequence, reason }: { readonly sequence?: number; readonly reason?: string } = {},
) {
  return outcome(sequence === undefined ? {} : { headers: { 'If-Match': `"${sequence}"` } }, (headers) =>
    operations.updateModuleConfig({
      path: { organization_id: organizationId, module_id: moduleId },
      body: patch,
      ...(reason ? { query: { reason } } : {}),
      headers,
      throwOnError: true,
    }),
  );
}
