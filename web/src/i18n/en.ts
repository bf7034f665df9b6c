import { assignments } from './en/assignments.ts';
import { audit } from './en/audit.ts';
import { common } from './en/common.ts';
import { events } from './en/events.ts';
import { industries } from './en/industries.ts';
import { modules } from './en/modules.ts';
import { session } from './en/session.ts';
import { shell } from './en/shell.ts';
import { signup, workspace } from './en/signup.ts';
import { system } from './en/system.ts';
import { tenants } from './en/tenants.ts';
import { ui } from './en/ui.ts';

export const en = {
  assignments,
  audit,
  common,
  events,
  industries,
  modules,
  session,
  shell,
  signup,
  system,
  tenants,
  ui,
  workspace,
};
