import { useState } from 'react';
import type { IndustryModules } from '@modplane/client';
import { type Base, type Draft, sameList } from '@/industries/draft.ts';

export interface Editing {
  /** What the list on screen started from. */
  readonly base: Base;
  readonly draft: Draft;
  readonly isDirty: boolean;
  /** What somebody else saved since, while there are changes here; null otherwise. */
  readonly theirs: Base | null;
  readonly change: (draft: Draft) => void;
  readonly discard: () => void;
  /** Goes on with what is here, now on top of what somebody else saved. */
  readonly rebase: () => void;
}

/** The list as it is edited. Without changes it follows the service; with changes it stays what the person made it. */
export function useDraft(current: IndustryModules): Editing {
  const now = baseOf(current);
  const [edited, setEdited] = useState<{ base: Base; draft: Draft } | null>(null);
  // Saved, or made by hand what it was: from here on it follows the service again.
  if (edited !== null && sameList(edited.draft, now.modules)) setEdited(null);
  const isMoved = edited !== null && !sameList(now.modules, edited.base.modules);
  const base = isMoved ? edited.base : now;
  const draft = edited?.draft ?? now.modules;
  return {
    base,
    draft,
    isDirty: edited !== null,
    theirs: isMoved ? now : null,
    change: (next) => setEdited({ base, draft: next }),
    discard: () => setEdited(null),
    rebase: () => setEdited({ base: now, draft }),
  };
}

function baseOf({ version, sequence, items }: IndustryModules): Base {
  const modules = items.map(({ module_id, is_required, default_config }) => ({
    module_id,
    is_required,
    default_config,
  }));
  return { version, sequence, modules };
}
