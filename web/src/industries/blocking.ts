import type { BlockingModule } from '@modplane/client';
import type { Messages } from '@/i18n/messages.tsx';

/** Why nobody can sign up with a template: each module that stands in the way, by its name, with its own reason. */
export function blockedBy(blocking: readonly BlockingModule[], { industries: m }: Messages): string {
  return m.blockedBy(blocking.map((one) => m.blocking[one.state](one.module_name ?? one.module_id)).join(', '));
}
