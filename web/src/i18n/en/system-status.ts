import { durationIn, pluralIn } from '../plurals.ts';
import { COUNTED, type SystemFigures as Figures } from '../system-figures.ts';

const plural = pluralIn('en');
const duration = durationIn('en');
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1 });
const numbers = new Intl.NumberFormat('en');

const counted = (count: number, one: string, other: string) =>
  plural(count, one, other) + (count === COUNTED ? ' or more' : '');
const events = (count: number) => counted(count, 'event', 'events');
const running = (f: Figures) => plural(f.running, 'replica', 'replicas');
const queue = (f: Figures) =>
  f.events ? `${events(f.events)} waiting, the oldest for ${duration(f.oldestEvent)}` : 'no event waits';
const waiting = (f: Figures) => (f.events === null ? '' : `, ${events(f.events)} waiting`);
const behind = (f: Figures) => `${counted(f.lag, 'record', 'records')} behind`;
const letters = (f: Figures) =>
  [
    f.openCommands > 0 && counted(f.openCommands, 'command', 'commands'),
    f.openEvents > 0 && events(f.openEvents),
    f.openRelay > 0 && counted(f.openRelay, 'unpublished event', 'unpublished events'),
  ]
    .filter(Boolean)
    .join(', ');
const undecided = (f: Figures) =>
  `${counted(f.pending, 'operation', 'operations')} undecided, the oldest for ${duration(f.oldestPending)}.`;

const databaseSilent = 'The database does not answer, so nobody knows.';
const noWrites =
  'Reads. Writes and sign-ins are answered 503 until the database takes them again; nothing that was acknowledged is lost.';
const withoutKafka =
  'Reads and writes. Replicas that cannot reach it decide commands themselves; events wait, and follow in order.';
const withoutRedis = 'Everything, more slowly: reads come from PostgreSQL. Requests are not limited by their rate.';
const withoutRelay = 'Reads and writes. Consumers of events see them later, and in order.';
const withoutConsumers = 'Reads. Commands wait in Kafka and are answered 202 meanwhile; none is lost.';

/** A sentence for each code of each part, and what still works beside it. */
export const systemStatus = {
  allWell: 'All is well.',
  notAllKnown: 'Not everything could be found out.',
  sentences: {
    postgres: {
      answers: 'PostgreSQL answers.',
      incomplete: 'PostgreSQL answers, but not all questions: it is too slow, or its schema is old (modplane migrate).',
      disk_full: 'PostgreSQL takes no writes: its disk is full.',
      read_only: 'PostgreSQL takes no writes: it is read-only.',
      files_unwritable: 'PostgreSQL takes no writes: its files cannot be written, its log says why.',
      unreachable: 'PostgreSQL does not answer.',
    },
    kafka: {
      answers: 'Kafka answers.',
      partly_unreachable: (f: Figures) =>
        `${f.replicasWithoutKafka} of ${plural(f.replicas, 'replica', 'replicas')} cannot reach Kafka${waiting(f)}.`,
      unreachable: (f: Figures) => `Kafka does not answer: writes are decided without it${waiting(f)}.`,
    },
    redis: {
      answers: 'Redis answers.',
      partly_unreachable: (f: Figures) =>
        `${f.replicasWithoutRedis} of ${plural(f.replicas, 'replica', 'replicas')} cannot reach Redis.`,
      unreachable: 'Redis does not answer: reads come from PostgreSQL.',
    },
    relay: {
      publishing: (f: Figures) => `${f.leader} takes events to Kafka: ${queue(f)}.`,
      late: (f: Figures) => `${f.leader} takes events to Kafka: ${queue(f)}.`,
      no_leader: (f: Figures) => `No replica takes events to Kafka: ${queue(f)}.`,
      unknown: databaseSilent,
    },
    consumers: {
      caught_up: 'All caught up.',
      behind: (f: Figures) => `${behind(f)}.`,
      far_behind: (f: Figures) => `${behind(f)}.`,
      group_without_members: (f: Figures) => `No replica consumes ${f.groupsWithoutMembers}: ${behind(f)}.`,
      unknown: 'Kafka does not answer, so nobody knows.',
    },
    dead_letters: {
      none_open: 'No dead letter is open.',
      open: (f: Figures) => `Dead letters to decide on: ${letters(f)}.`,
      keys_blocked: (f: Figures) => `Dead letters to decide on: ${letters(f)}.`,
      unknown: databaseSilent,
    },
    operations: {
      none_pending: 'No operation waits for its decision.',
      pending: undecided,
      late: undecided,
      unknown: databaseSilent,
    },
    cache: {
      measured: (f: Figures) =>
        `On ${running(f)} since they started, ${percent.format(f.hitRatio)} of ${numbers.format(f.reads)} reads were hits.`,
      not_read: (f: Figures) => `On ${running(f)} since they started, nothing was read through the cache.`,
      unknown: databaseSilent,
    },
    replicas: {
      running: (f: Figures) => `${running(f)} running.`,
      some_silent: (f: Figures) => `${running(f)} running; not heard of any more: ${f.silent}.`,
      no_consumer: (f: Figures) => `${running(f)} running; none of them consumes.`,
      unknown: databaseSilent,
    },
    module_types: {
      same: 'It lists every registered module and no others.',
      different: (f: Figures) =>
        `It lacks ${plural(f.unlisted, 'registered module', 'registered modules')} and lists ${numbers.format(f.unregistered)} others.`,
      unknown: databaseSilent,
    },
  },
  stillWorks: {
    postgres: {
      disk_full: noWrites,
      read_only: noWrites,
      files_unwritable: noWrites,
      unreachable:
        'Cached reads. Writes, sign-ins and other reads are answered 503 until it is back; nothing that was acknowledged is lost.',
    },
    kafka: { partly_unreachable: withoutKafka, unreachable: withoutKafka },
    redis: { partly_unreachable: withoutRedis, unreachable: withoutRedis },
    relay: { late: withoutRelay, no_leader: withoutRelay },
    consumers: { far_behind: withoutConsumers, group_without_members: withoutConsumers },
    dead_letters: {
      open: 'Everything else; what was set aside did not happen.',
      keys_blocked:
        'Everything but the events of the blocked keys, which wait until their letters are retried or dropped.',
    },
    operations: {
      late: 'Reads. Commands are decided as soon as a replica consumes; their operations can be looked up.',
    },
    replicas: { no_consumer: 'Reads. Commands wait in Kafka until a worker runs.' },
  },
};
