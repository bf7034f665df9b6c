import { common } from './en/common.ts';
import { session } from './en/session.ts';
import { shell } from './en/shell.ts';
import { signup, workspace } from './en/signup.ts';
import { ui } from './en/ui.ts';

export const en = { common, session, shell, signup, ui, workspace };
