import type { LoggedEvent } from '@modplane/client';

type Json = Readonly<Record<string, unknown>>;

const EMPTY: Json = {};

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const json = (value: unknown): Json => (isJson(value) ? value : EMPTY);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const texts = (value: unknown): string[] => list(value).filter((one): one is string => typeof one === 'string');

/** What an event says, whatever its type; what it does not say is empty. */
export interface EventFacts {
  readonly moduleId: string | null;
  readonly moduleIds: readonly string[];
  readonly industryCode: string | null;
  readonly organizationId: string | null;
  readonly version: number | null;
  /** Names of the fields that changed. */
  readonly fields: readonly string[];
  readonly name: string;
  readonly userId: string;
  /** What kind of dead letter it is about: `command`, `event` or `relay`. */
  readonly letterKind: string;
  readonly counts: {
    readonly added: readonly string[];
    readonly unchanged: readonly string[];
    readonly skipped: readonly string[];
    readonly removed: readonly string[];
  };
}

export function factsOf(event: LoggedEvent): EventFacts {
  const payload = json(event.payload);
  const { before, after } = changeOf(event) ?? { before: EMPTY, after: EMPTY };
  const keys = new Set([...Object.keys(json(before)), ...Object.keys(json(after))]);
  const version = payload['version'];
  return {
    moduleId: event.module_id,
    moduleIds: texts(payload['module_ids']),
    industryCode: textOr(payload['industry_code'], '') || null,
    organizationId: event.organization_id,
    version: typeof version === 'number' ? version : null,
    fields: [...keys].filter((key) => JSON.stringify(json(before)[key]) !== JSON.stringify(json(after)[key])),
    name: textOr(payload['name'], ''),
    userId: textOr(payload['user_id'], ''),
    letterKind: textOr(payload['kind'], ''),
    counts: {
      added: texts(payload['applied']),
      unchanged: texts(payload['unchanged']),
      skipped: list(payload['skipped']).map((one) => textOr(json(one)['module_id'], '')),
      removed: texts(payload['removed']),
    },
  };
}

/** What the event tells of before and after, as two JSON values; null when it tells of neither. */
export function changeOf(event: LoggedEvent): { before: unknown; after: unknown } | null {
  const payload = json(event.payload);
  switch (event.type) {
    case 'tenant.module.activated':
    case 'tenant.module.deactivated': {
      const active = event.type === 'tenant.module.activated';
      return { before: { is_active: !active }, after: { is_active: active } };
    }
    case 'tenant.organization.suspended':
    case 'tenant.organization.reactivated': {
      const active = event.type === 'tenant.organization.reactivated';
      return {
        before: { status: active ? 'suspended' : 'active' },
        after: { status: active ? 'active' : 'suspended' },
      };
    }
    case 'tenant.module.config_updated':
      return { before: json(payload['before']), after: json(json(list(payload['modules'])[0])['config']) };
    case 'tenant.module.registered':
    case 'tenant.industry.created':
    case 'tenant.organization.registered':
      return { before: EMPTY, after: payload };
    case 'tenant.industry.applied':
      return null;
    default:
  }
  if (isJson(payload['changes'])) return ofFields(payload);
  return Array.isArray(payload['modules']) ? ofModules(payload['modules']) : null;
}

function ofFields(payload: Json): { before: unknown; after: unknown } {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const [field, change] of Object.entries(json(payload['changes']))) {
    before[field] = json(change)['before'];
    after[field] = json(change)['after'];
  }
  if (Array.isArray(payload['modules']) && Array.isArray(payload['modules_before'])) {
    before['modules'] = byModule(payload['modules_before']);
    after['modules'] = byModule(payload['modules']);
  }
  return { before, after };
}

/** A template's list as an object by module, with its place, so that a difference names what moved. */
function byModule(modules: readonly unknown[]): Json {
  return Object.fromEntries(
    modules.map((one, place) => {
      const { module_id: id, ...rest } = json(one);
      return [textOr(id, String(place)), { ...rest, place: place + 1 }];
    }),
  );
}

function ofModules(modules: readonly unknown[]): { before: unknown; after: unknown } {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const one of modules.map(json)) {
    const id = textOr(one['module_id'], '');
    const sources = sourceNames(one['sources']);
    const known = { config: one['config'] };
    if (one['change'] === 'removed') before[id] = { ...known, sources: sourceNames(one['sources_before']) };
    else {
      after[id] = { ...known, sources };
      if (one['change'] !== 'added') before[id] = { ...known, sources: sourceNames(one['sources_before']) };
    }
  }
  return { before, after };
}

const sourceNames = (sources: unknown): string[] =>
  list(sources).map((one) => {
    const { kind, industry_code: code, version } = json(one);
    return typeof code === 'string' ? `${code} v${typeof version === 'number' ? version : '?'}` : textOr(kind, '?');
  });
