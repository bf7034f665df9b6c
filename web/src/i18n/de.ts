import { assignments } from './de/assignments.ts';
import { audit } from './de/audit.ts';
import { common } from './de/common.ts';
import { events } from './de/events.ts';
import { industries } from './de/industries.ts';
import { modules } from './de/modules.ts';
import { session } from './de/session.ts';
import { shell } from './de/shell.ts';
import { signup, workspace } from './de/signup.ts';
import { system } from './de/system.ts';
import { tenants } from './de/tenants.ts';
import { ui } from './de/ui.ts';
import type { Messages } from './messages.tsx';

export const de: Messages = {
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
