import type { SystemStatus } from '@modplane/client';
import { systemStatus as de } from '@/i18n/de/system-status.ts';
import { systemStatus as en } from '@/i18n/en/system-status.ts';
import type { Language, Widened } from '@/i18n/messages.tsx';
import type { SystemFigures } from '@/i18n/system-figures.ts';

type Texts = Widened<typeof en>;
export type PartName = keyof Texts['sentences'];
/** For each code of each part a text, as the API's document lists them: one that is missing does not compile. */
type Complete = { readonly [Part in PartName]: Readonly<Record<SystemStatus[Part]['code'], Text>> };
type Text = string | ((figures: SystemFigures) => string);

/** Not in the catalogue: they are for this page alone, and would be in every first load. */
const TEXTS: Readonly<Record<Language, Texts>> = { en, de };

const PARTS: readonly PartName[] = [
  'postgres',
  'kafka',
  'redis',
  'relay',
  'consumers',
  'dead_letters',
  'operations',
  'cache',
  'replicas',
  'module_types',
];

/** How a part is, in a sentence. */
export function sentenceOf(part: PartName, status: SystemStatus, language: Language): string {
  const texts: Complete = TEXTS[language].sentences;
  const text = (texts[part] as Readonly<Record<string, Text>>)[status[part].code];
  return typeof text === 'function' ? text(figuresIn(status)) : (text ?? '');
}

/** What still works while a part is in its state; null when everything does. */
export function stillWorks(part: PartName, status: SystemStatus, language: Language): string | null {
  const texts: Partial<Record<PartName, Readonly<Record<string, string>>>> = TEXTS[language].stillWorks;
  return texts[part]?.[status[part].code] ?? null;
}

/** What is wrong, part by part; else that nothing is. */
export function summaryOf(status: SystemStatus, language: Language): string {
  const wrong = PARTS.filter((part) => status[part].state === 'down' || status[part].state === 'degraded');
  if (wrong.length > 0) return wrong.map((part) => sentenceOf(part, status, language)).join(' ');
  return status.state === 'ok' ? TEXTS[language].allWell : TEXTS[language].notAllKnown;
}

function figuresIn(status: SystemStatus): SystemFigures {
  const { kafka, redis, relay, consumers, dead_letters, operations, cache, replicas, module_types } = status;
  const named = (state: 'running' | 'silent') =>
    replicas.items.filter((one) => one.state === state).map((one) => one.name);
  return {
    replicas: kafka.replicas,
    replicasWithoutKafka: kafka.replicas_without,
    replicasWithoutRedis: redis.replicas_without,
    running: named('running').length,
    silent: named('silent').join(', '),
    leader: relay.leader ?? '',
    events: relay.waiting,
    oldestEvent: relay.oldest_seconds ?? 0,
    lag: consumers.lag ?? 0,
    groupsWithoutMembers: consumers.groups
      .filter((group) => group.members === 0)
      .map((group) => group.group)
      .join(', '),
    openCommands: dead_letters.open?.command ?? 0,
    openEvents: dead_letters.open?.event ?? 0,
    openRelay: dead_letters.open?.relay ?? 0,
    pending: operations.pending ?? 0,
    oldestPending: operations.oldest_pending_seconds ?? 0,
    hitRatio: cache.hit_ratio ?? 0,
    reads: (cache.hits ?? 0) + (cache.misses ?? 0) + (cache.bypasses ?? 0),
    unlisted: module_types.unlisted.length,
    unregistered: module_types.unregistered.length,
  };
}
