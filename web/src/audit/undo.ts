import {
  type LoggedEvent,
  type OrganizationChanges,
  activateModule,
  deactivateModule,
  operations,
  outcome,
  unassignModule,
  updateIndustry,
  updateModule,
} from '@modplane/client';
import type { Messages } from '@/i18n/messages.tsx';
import { changeOf } from '@/ui/event-facts.ts';

export interface Inverse {
  /** Names the text that says what undoing does. */
  readonly effect: keyof Messages['audit']['inverse'];
  readonly run: (reason: string) => Promise<unknown>;
}

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON merge patch (RFC 7396) that makes `from` become `to`. */
export function mergePatch(from: Json, to: Json): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[key], to[key]];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    patch[key] = after === undefined ? null : isJson(before) && isJson(after) ? mergePatch(before, after) : after;
  }
  return patch;
}

const before = (event: LoggedEvent): Json => {
  const change = changeOf(event);
  return isJson(change?.before) ? change.before : {};
};

/** The command that takes back what an event tells of; null where there is none. The service decides whether it may. */
export function inverseOf(event: LoggedEvent): Inverse | null {
  const { module_id: module, organization_id: tenant } = event;
  if (tenant !== null && event.type.startsWith('tenant.organization.')) return ofOrganization(event, tenant);
  if (tenant !== null && module !== null) return ofAssignment(event, tenant, module);
  if (event.type.startsWith('access.user.')) return ofAccount(event);
  if (module !== null) return ofModule(event, module);
  return event.type === 'tenant.industry.updated' ? ofIndustry(event) : null;
}

/** Refuses the command when the state has moved since the event. */
const unmoved = (event: LoggedEvent) => ({ 'If-Match': `"${event.sequence}"` });

function ofModule(event: LoggedEvent, id: string): Inverse | null {
  switch (event.type) {
    case 'tenant.module.activated':
      return { effect: 'deactivate', run: (reason) => deactivateModule(id, { query: { reason } }) };
    case 'tenant.module.deactivated':
      return { effect: 'activate', run: (reason) => activateModule(id, { query: { reason } }) };
    case 'tenant.module.updated':
      return {
        effect: 'moduleFields',
        run: (reason) => updateModule(id, before(event), { query: { reason }, headers: unmoved(event) }),
      };
    default:
      return null;
  }
}

function ofIndustry(event: LoggedEvent): Inverse | null {
  const payload = isJson(event.payload) ? event.payload : {};
  const fields: Record<string, unknown> = { ...before(event) };
  delete fields['version'];
  if (Array.isArray(payload['modules'])) {
    // An event of long ago does not tell what its list was before.
    if (!Array.isArray(payload['modules_before'])) return null;
    fields['modules'] = payload['modules_before'];
  }
  const code = payload['industry_code'];
  if (typeof code !== 'string') return null;
  return {
    effect: 'industryFields',
    run: (reason) => updateIndustry(code, fields, { query: { reason }, headers: unmoved(event) }),
  };
}

function ofOrganization(event: LoggedEvent, id: string): Inverse | null {
  const path = { organization_id: id };
  switch (event.type) {
    case 'tenant.organization.suspended':
      return {
        effect: 'reactivate',
        run: (reason) => operations.reactivateOrganization({ path, query: { reason }, throwOnError: true }),
      };
    case 'tenant.organization.reactivated':
      return {
        effect: 'suspend',
        run: (reason) => operations.suspendOrganization({ path, query: { reason }, throwOnError: true }),
      };
    case 'tenant.organization.updated': {
      const { name } = before(event);
      // The industry is set by applying a template, which has no inverse.
      if (typeof name !== 'string') return null;
      const body: OrganizationChanges = { name };
      return {
        effect: 'tenantFields',
        run: (reason) =>
          operations.updateOrganization({ path, body, query: { reason }, headers: unmoved(event), throwOnError: true }),
      };
    }
    default:
      return null;
  }
}

function ofAssignment(event: LoggedEvent, tenant: string, module: string): Inverse | null {
  switch (event.type) {
    case 'tenant.module.assigned':
      // Where it was there before, the event added a source alone, which no command takes away by itself.
      return module in before(event)
        ? null
        : { effect: 'unassign', run: (reason) => unassignModule(tenant, module, { query: { reason } }) };
    case 'tenant.module.unassigned':
      return {
        effect: 'restore',
        run: (reason) =>
          outcome({}, (headers) =>
            operations.restoreAssignments({
              path: { organization_id: tenant },
              body: { operation_id: event.operation_id },
              query: { reason },
              headers,
              throwOnError: true,
            }),
          ),
      };
    case 'tenant.module.config_updated': {
      const after = changeOf(event)?.after;
      const patch = mergePatch(isJson(after) ? after : {}, before(event));
      return {
        effect: 'config',
        run: (reason) =>
          operations.updateModuleConfig({
            path: { organization_id: tenant, module_id: module },
            body: patch,
            query: { reason },
            headers: unmoved(event),
            throwOnError: true,
          }),
      };
    }
    default:
      return null;
  }
}

function ofAccount(event: LoggedEvent): Inverse | null {
  const id = isJson(event.payload) ? event.payload['user_id'] : null;
  if (typeof id !== 'string') return null;
  const path = { user_id: id };
  switch (event.type) {
    case 'access.user.deactivated':
      return {
        effect: 'letIn',
        run: (reason) => operations.activateUser({ path, query: { reason }, throwOnError: true }),
      };
    case 'access.user.reactivated':
      return {
        effect: 'keepOut',
        run: (reason) => operations.deactivateUser({ path, query: { reason }, throwOnError: true }),
      };
    default:
      return null;
  }
}
