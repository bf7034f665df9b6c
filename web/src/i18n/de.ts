import { common } from './de/common.ts';
import { session } from './de/session.ts';
import { shell } from './de/shell.ts';
import { signup, workspace } from './de/signup.ts';
import { ui } from './de/ui.ts';
import type { Messages } from './messages.tsx';

export const de: Messages = { common, session, shell, signup, ui, workspace };
