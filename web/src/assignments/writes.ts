import {
  assignModule,
  bulkAssignModules,
  operations,
  type OrganizationModule,
  outcome,
  type UpdateModuleConfigData,
  unassignModule,
} from '@modplane/client';
import { problemOf } from '@/api/client.ts';

/** Takes modules away again, one after the other: the inverse of having assigned them. */
export async function unassignAll(organizationId: string, moduleIds: readonly string[]): Promise<void> {
  for (const id of moduleIds) await unassignModule(organizationId, id);
}

/**
 * Brings back a module as it was: with the config that was kept, and every source. A template that no longer has the
 * module cannot give it again; then it comes back as assigned by hand.
 */
export async function restore(organizationId: string, module: OrganizationModule): Promise<void> {
  let isBack = false;
  for (const { industry_code: code } of module.sources) {
    if (code === null) continue;
    try {
      await bulkAssignModules(organizationId, [module.module_id], code);
      isBack = true;
    } catch (error) {
      const status = problemOf(error)?.status;
      if (status !== 404 && status !== 422) throw error;
    }
  }
  const wasByHand = module.sources.some((source) => source.kind === 'explicit');
  if (wasByHand || !isBack) await assignModule(organizationId, module.module_id);
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
