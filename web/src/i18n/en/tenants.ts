import { pluralIn } from '../plurals.ts';

const plural = pluralIn('en');
const numbers = new Intl.NumberFormat('en');
const about = (count: number, isExact: boolean) => `${numbers.format(count)}${isExact ? '' : '+'}`;

/** The same words, whatever the number: other languages need it. */
const whatever =
  (words: string): ((count: number) => string) =>
  () =>
    words;

export const tenants = {
  title: 'Tenants',
  subtitle: 'Organizations, and which modules they have',
  count: (count: number, isExact: boolean) =>
    isExact ? plural(count, 'tenant', 'tenants') : `${about(count, isExact)} tenants`,
  filters: 'Filter tenants',
  searchLabel: 'Search name or id',
  name: 'Name',
  industry: 'Industry',
  noIndustry: 'No industry',
  templateVersion: 'Template version',
  anyVersion: 'Any version',
  version: (version: number) => `v${version}`,
  currentVersion: (version: number) => `v${version} (current)`,
  hasModule: 'Has module',
  status: 'Status',
  active: 'Active',
  suspended: 'Suspended',
  created: 'Created',
  id: 'Id',
  none: 'No tenants yet',
  noneHint: 'A tenant appears here as soon as an organization signs up.',
  toSignup: 'Open the signup page',
  select: (name: string) => `Select ${name}`,
  selectLoaded: 'Select all that are loaded',
  selectAll: (count: number, isExact: boolean) => `Select all ${about(count, isExact)} matching`,
  allSelected: (count: number | null, isExact: boolean) =>
    count === null ? 'All matching' : `All ${about(count, isExact)} matching`,
  clearSelection: 'Clear the selection',
  bulk: 'Actions for the selected tenants',
  bulkActions: 'Bulk actions',
  bulkAction: 'Bulk action',
  actions: {
    apply: 'Apply template',
    assign: 'Assign module',
    unassign: 'Unassign module',
    suspend: 'Suspend',
    reactivate: 'Reactivate',
  },
  bulkTitle: {
    apply: (count: number | null) =>
      `Apply a template to ${count === null ? 'tenants' : plural(count, 'tenant', 'tenants')}`,
    assign: (count: number | null) =>
      `Assign a module to ${count === null ? 'tenants' : plural(count, 'tenant', 'tenants')}`,
    unassign: (count: number | null) =>
      `Unassign a module from ${count === null ? 'tenants' : plural(count, 'tenant', 'tenants')}`,
    suspend: (count: number | null) => `Suspend ${count === null ? 'tenants' : plural(count, 'tenant', 'tenants')}`,
    reactivate: (count: number | null) =>
      `Reactivate ${count === null ? 'tenants' : plural(count, 'tenant', 'tenants')}`,
  },
  template: 'Template',
  chooseTemplate: 'Choose a template',
  module: 'Module',
  chooseModule: 'Choose a module',
  inactiveModule: (name: string) => `${name} (inactive)`,
  mode: 'How to apply',
  modeAdd: 'Add',
  modeReplace: 'Replace',
  modeAddHint: 'Adds what is missing. Everything a tenant has stays.',
  modeReplaceHint: 'Adds what is missing and takes away what other templates gave. Configs are kept for later.',
  force: 'Also where a template requires it',
  forceHint: 'Otherwise those tenants are refused.',
  suspendHint:
    'Their people can no longer sign in, and no module is effective until they are reactivated. Nothing is lost.',
  reactivateHint: 'Their people can sign in again, and their modules are effective again.',
  previewHint: 'What would change is shown here before anything happens.',
  preview: 'Preview',
  willChange: whatever('will change'),
  alreadySo: (count: number) => (count === 1 ? 'stays as it is' : 'stay as they are'),
  willBeRefused: whatever('will be refused'),
  incomplete: (examined: number) =>
    `Only the first ${examined === 1 ? 'tenant was' : `${numbers.format(examined)} tenants were`} looked at; the others are decided as the action reaches them.`,
  andMore: (count: number) => `and ${numbers.format(count)} more`,
  doTo: (action: string, count: number, isComplete: boolean) =>
    `${action} · ${numbers.format(count)}${isComplete ? '' : '+'}`,
  applies: (template: string) => `Apply ${template}`,
  replaceBy: (template: string) => `Replace by ${template}`,
  assigns: (module: string) => `Assign ${module}`,
  unassigns: (module: string) => `Unassign ${module}`,
  bulkSentence: (action: string, count: number) => `${action} · ${plural(count, 'tenant', 'tenants')}`,
  bulkStatus: {
    selecting: 'Selecting tenants',
    running: 'Running',
    cancelling: 'Cancelling',
    cancelled: 'Cancelled',
    finished: 'Finished',
  },
  selecting: 'Selecting the tenants…',
  progress: (done: number, total: number) => `${numbers.format(done)} of ${numbers.format(total)} decided`,
  mayClose: 'You may close this tab; it goes on.',
  because: (reason: string) => `“${reason}”`,
  whyNot: 'Why some were refused',
  outcome: 'Outcome',
  outcomes: {
    applied: 'Changed',
    unchanged: 'No change',
    rejected: 'Refused',
    failed: 'Failed',
    cancelled: 'Cancelled',
  },
  waiting: 'Waiting',
  everyOne: 'All',
  why: 'Why',
  bulkItems: 'Tenants of this action',
  noItems: 'No tenant is here.',
  cancelRest: 'Cancel the rest',
  retryFailed: (count: number) =>
    count === 1 ? 'Retry the refused tenant' : `Retry the ${numbers.format(count)} refused tenants`,
  retried: (count: number) => `${plural(count, 'tenant is', 'tenants are')} tried again`,
  tenant: 'Tenant',
  overview: 'Overview',
  modulesTab: 'Modules',
  activity: 'Activity',
  createdAt: 'created',
  admin: 'Admin',
  suspendedNow: (name: string) => `${name} suspended`,
  reactivatedNow: (name: string) => `${name} reactivated`,
  toModules: 'All about its modules',
  toActivity: 'All activity',
  recent: 'Recent activity',
  older: 'Show older',
  noModules: 'It has no modules yet.',
  drift: 'Drift from its template',
  driftNoIndustry: 'It has no industry, so there is no template to compare it with.',
  noDrift: (industry: string, version: number) => `None. It has exactly what ${industry} v${version} gives.`,
  behind: (industry: string, had: number, now: number) => `It has ${industry} v${had}; v${now} is current.`,
  missing: 'Missing',
  extra: 'Beyond the template',
  toTemplate: 'Preview applying the template',
};
