import type { BulkRequest } from '@modplane/client';
import type { Messages } from '@/i18n/messages.tsx';

export type BulkCommand = BulkRequest['command'];

export const ACTIONS = ['apply', 'assign', 'unassign', 'suspend', 'reactivate'] as const;
export type Action = (typeof ACTIONS)[number];

/** What is chosen for an action so far. */
export interface Choice {
  readonly industry: string | null;
  readonly mode: 'add' | 'replace';
  readonly module: string | null;
  readonly force: boolean;
}

export const UNCHOSEN: Choice = { industry: null, mode: 'add', module: null, force: false };

/** The command, once all that it needs is chosen. */
export function commandOf(action: Action, { industry, mode, module, force }: Choice): BulkCommand | null {
  switch (action) {
    case 'apply':
      return industry === null ? null : { type: 'apply_industry', industry_code: industry, mode };
    case 'assign':
      return module === null ? null : { type: 'assign', module_id: module };
    case 'unassign':
      return module === null ? null : { type: 'unassign', module_id: module, force };
    case 'suspend':
    case 'reactivate':
      return { type: action };
  }
}

/** The command as a sentence without its object: "Apply Retail", "Unassign CRM". */
export function commandInWords(command: BulkCommand, m: Messages, named: (id: string) => string): string {
  if ('industry_code' in command) {
    const name = named(command.industry_code);
    return command.mode === 'replace' ? m.tenants.replaceBy(name) : m.tenants.applies(name);
  }
  if ('module_id' in command) {
    const name = named(command.module_id);
    return command.type === 'unassign' ? m.tenants.unassigns(name) : m.tenants.assigns(name);
  }
  return command.type === 'suspend' ? m.tenants.actions.suspend : m.tenants.actions.reactivate;
}
