import { limits } from '@modplane/client';

/** What the address holds beside the path. Anything that cannot be read is left out, so a mangled link still opens. */
type Raw = Record<string, unknown>;

const LONGEST = limits.query.q;

const text = (raw: Raw, key: string): string | undefined => {
  const value = raw[key];
  const shown = typeof value === 'number' ? String(value) : value;
  return typeof shown === 'string' && shown.trim() !== '' ? shown.slice(0, LONGEST) : undefined;
};

const oneOf = <Choice extends string>(raw: Raw, key: string, choices: readonly Choice[]): Choice | undefined =>
  choices.find((choice) => choice === raw[key]);

export const signInSearch = (raw: Raw): { next?: string | undefined } => {
  const next = text(raw, 'next');
  // Only a path of this site: an open redirect would lend our name to others.
  return { next: next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : undefined };
};

export interface SignupSearch {
  industry?: string | undefined;
  skip?: true | undefined;
}

export const signupSearch = (raw: Raw): SignupSearch => ({
  industry: text(raw, 'industry'),
  skip: raw['skip'] === true ? true : undefined,
});

export interface WorkspaceSearch {
  fresh?: 'building' | 'ready' | 'refused' | undefined;
  module?: string | undefined;
}

export const workspaceSearch = (raw: Raw): WorkspaceSearch => ({
  fresh: oneOf(raw, 'fresh', ['building', 'ready', 'refused']),
  module: text(raw, 'module'),
});

export interface ModulesSearch {
  q?: string | undefined;
  category?: string | undefined;
  status?: 'active' | 'inactive' | undefined;
  service?: string | undefined;
  sort?: 'name' | 'category' | 'used' | 'updated' | undefined;
  desc?: boolean | undefined;
  module?: string | undefined;
  tab?: string | undefined;
  form?: 'new' | 'edit' | undefined;
}

export const modulesSearch = (raw: Raw): ModulesSearch => ({
  q: text(raw, 'q'),
  category: text(raw, 'category'),
  status: oneOf(raw, 'status', ['active', 'inactive']),
  service: text(raw, 'service'),
  sort: oneOf(raw, 'sort', ['name', 'category', 'used', 'updated']),
  desc: raw['desc'] === true ? true : undefined,
  module: text(raw, 'module'),
  tab: text(raw, 'tab'),
  form: oneOf(raw, 'form', ['new', 'edit']),
});

export interface IndustriesSearch {
  q?: string | undefined;
  view?: 'cards' | 'table' | undefined;
  form?: 'new' | undefined;
}

export const industriesSearch = (raw: Raw): IndustriesSearch => ({
  q: text(raw, 'q'),
  view: oneOf(raw, 'view', ['cards', 'table']),
  form: oneOf(raw, 'form', ['new']),
});

export interface OrganizationsSearch {
  q?: string | undefined;
  industry?: string | undefined;
  version?: string | undefined;
  status?: 'active' | 'suspended' | undefined;
  module?: string | undefined;
  sort?: 'name' | 'created' | undefined;
  desc?: boolean | undefined;
}

export const organizationsSearch = (raw: Raw): OrganizationsSearch => ({
  q: text(raw, 'q'),
  industry: text(raw, 'industry'),
  version: text(raw, 'version'),
  status: oneOf(raw, 'status', ['active', 'suspended']),
  module: text(raw, 'module'),
  sort: oneOf(raw, 'sort', ['name', 'created']),
  desc: raw['desc'] === true ? true : undefined,
});

export const organizationSearch = (raw: Raw): { tab?: string | undefined } => ({ tab: text(raw, 'tab') });

export interface OrganizationModulesSearch {
  words?: string | undefined;
  open?: 'assign' | 'template' | 'part' | undefined;
  module?: string | undefined;
}

export const organizationModulesSearch = (raw: Raw): OrganizationModulesSearch => ({
  words: text(raw, 'words'),
  open: oneOf(raw, 'open', ['assign', 'template', 'part']),
  module: text(raw, 'module'),
});

export interface OrganizationPageSearch extends OrganizationModulesSearch {
  tab?: string | undefined;
}

export const organizationPageSearch = (raw: Raw): OrganizationPageSearch => ({
  ...organizationModulesSearch(raw),
  tab: oneOf(raw, 'tab', ['overview', 'modules', 'activity']),
});

const OUTCOMES = ['applied', 'unchanged', 'rejected', 'failed', 'cancelled'] as const;

export const bulkSearch = (raw: Raw): { outcome?: (typeof OUTCOMES)[number] | undefined } => ({
  outcome: oneOf(raw, 'outcome', OUTCOMES),
});

export interface AuditSearch {
  organization?: string | undefined;
  module?: string | undefined;
  industry?: string | undefined;
  actor?: string | undefined;
  type?: string | undefined;
  operation?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  event?: string | undefined;
  live?: boolean | undefined;
}

export const auditSearch = (raw: Raw): AuditSearch => ({
  organization: text(raw, 'organization'),
  module: text(raw, 'module'),
  industry: text(raw, 'industry'),
  actor: text(raw, 'actor'),
  type: text(raw, 'type'),
  operation: text(raw, 'operation'),
  from: text(raw, 'from'),
  to: text(raw, 'to'),
  event: text(raw, 'event'),
  live: raw['live'] === true ? true : undefined,
});

export interface SystemSearch {
  status?: 'retried' | 'resolved' | 'dropped' | undefined;
  letter?: string | undefined;
}

export const systemSearch = (raw: Raw): SystemSearch => ({
  status: oneOf(raw, 'status', ['retried', 'resolved', 'dropped']),
  letter: text(raw, 'letter'),
});
