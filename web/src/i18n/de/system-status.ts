import { durationIn, pluralIn } from '../plurals.ts';
import { COUNTED, type SystemFigures as Figures } from '../system-figures.ts';

const plural = pluralIn('de');
const duration = durationIn('de');
const percent = new Intl.NumberFormat('de', { style: 'percent', minimumFractionDigits: 1 });
const numbers = new Intl.NumberFormat('de');

const counted = (count: number, one: string, other: string) =>
  plural(count, one, other) + (count === COUNTED ? ' oder mehr' : '');
const events = (count: number) => counted(count, 'Ereignis', 'Ereignisse');
const running = (f: Figures) => plural(f.running, 'Replikat', 'Replikate');
const ofReplicas = (without: number, all: number) => `${without} von ${numbers.format(all)} Replikaten`;
const reach = (without: number) => (without === 1 ? 'erreicht' : 'erreichen');
const queue = (f: Figures) =>
  f.events
    ? `${events(f.events)} in der Warteschlange, das älteste seit ${duration(f.oldestEvent)}`
    : 'kein Ereignis wartet';
const waiting = (f: Figures) =>
  f.events === null ? '' : `; Ereignisse in der Warteschlange: ${numbers.format(f.events)}`;
const behind = (f: Figures) => `${counted(f.lag, 'Satz', 'Sätze')} im Rückstand`;
const letters = (f: Figures) =>
  [
    f.openCommands > 0 && counted(f.openCommands, 'Befehl', 'Befehle'),
    f.openEvents > 0 && events(f.openEvents),
    f.openRelay > 0 && counted(f.openRelay, 'unveröffentlichtes Ereignis', 'unveröffentlichte Ereignisse'),
  ]
    .filter(Boolean)
    .join(', ');
const undecided = (f: Figures) =>
  `${counted(f.pending, 'Vorgang', 'Vorgänge')} ohne Entscheidung, der älteste seit ${duration(f.oldestPending)}.`;

const databaseSilent = 'Die Datenbank antwortet nicht, daher ist nichts bekannt.';
const noWrites =
  'Lesen. Schreiben und Anmelden werden mit 503 beantwortet, bis die Datenbank wieder schreibt; nichts Bestätigtes geht verloren.';
const withoutKafka =
  'Lesen und Schreiben. Replikate ohne Kafka entscheiden Befehle selbst; Ereignisse warten und folgen in ihrer Reihenfolge.';
const withoutRedis = 'Alles, nur langsamer: Gelesen wird aus PostgreSQL. Die Rate der Anfragen wird nicht begrenzt.';
const withoutRelay = 'Lesen und Schreiben. Konsumenten erhalten Ereignisse später, in ihrer Reihenfolge.';
const withoutConsumers = 'Lesen. Befehle warten in Kafka und werden solange mit 202 beantwortet; keiner geht verloren.';

/** Ein Satz zu jedem Code jedes Teils, und was daneben weiterhin möglich ist. */
export const systemStatus = {
  allWell: 'Alles in Ordnung.',
  notAllKnown: 'Nicht alles ließ sich ermitteln.',
  sentences: {
    postgres: {
      answers: 'PostgreSQL antwortet.',
      incomplete:
        'PostgreSQL antwortet, aber nicht auf alle Fragen: Es ist zu langsam, oder sein Schema ist veraltet (modplane migrate).',
      disk_full: 'PostgreSQL schreibt nicht: Die Platte ist voll.',
      read_only: 'PostgreSQL schreibt nicht: Es lässt nur Lesen zu.',
      files_unwritable: 'PostgreSQL schreibt nicht: Seine Dateien sind nicht beschreibbar, sein Log nennt den Grund.',
      unreachable: 'PostgreSQL antwortet nicht.',
    },
    kafka: {
      answers: 'Kafka antwortet.',
      partly_unreachable: (f: Figures) =>
        `${ofReplicas(f.replicasWithoutKafka, f.replicas)} ${reach(f.replicasWithoutKafka)} Kafka nicht${waiting(f)}.`,
      unreachable: (f: Figures) => `Kafka antwortet nicht: Befehle werden ohne Kafka entschieden${waiting(f)}.`,
    },
    redis: {
      answers: 'Redis antwortet.',
      partly_unreachable: (f: Figures) =>
        `${ofReplicas(f.replicasWithoutRedis, f.replicas)} ${reach(f.replicasWithoutRedis)} Redis nicht.`,
      unreachable: 'Redis antwortet nicht: Gelesen wird aus PostgreSQL.',
    },
    relay: {
      publishing: (f: Figures) => `${f.leader} veröffentlicht Ereignisse in Kafka: ${queue(f)}.`,
      late: (f: Figures) => `${f.leader} veröffentlicht Ereignisse in Kafka: ${queue(f)}.`,
      no_leader: (f: Figures) => `Kein Replikat veröffentlicht Ereignisse in Kafka: ${queue(f)}.`,
      unknown: databaseSilent,
    },
    consumers: {
      caught_up: 'Kein Rückstand.',
      behind: (f: Figures) => `${behind(f)}.`,
      far_behind: (f: Figures) => `${behind(f)}.`,
      group_without_members: (f: Figures) => `Kein Replikat verarbeitet ${f.groupsWithoutMembers}: ${behind(f)}.`,
      unknown: 'Kafka antwortet nicht, daher ist nichts bekannt.',
    },
    dead_letters: {
      none_open: 'Nichts Unzustellbares ist offen.',
      open: (f: Figures) => `Zu entscheiden: ${letters(f)}.`,
      keys_blocked: (f: Figures) => `Zu entscheiden: ${letters(f)}.`,
      unknown: databaseSilent,
    },
    operations: {
      none_pending: 'Kein Vorgang wartet auf seine Entscheidung.',
      pending: undecided,
      late: undecided,
      unknown: databaseSilent,
    },
    cache: {
      measured: (f: Figures) =>
        `Auf ${plural(f.running, 'Replikat', 'Replikaten')} seit dem Start: ${percent.format(f.hitRatio)} von ${numbers.format(f.reads)} Lesezugriffen waren Treffer.`,
      not_read: (f: Figures) =>
        `Auf ${plural(f.running, 'Replikat', 'Replikaten')} seit dem Start: nichts wurde über den Cache gelesen.`,
      unknown: databaseSilent,
    },
    replicas: {
      running: (f: Figures) => `In Betrieb: ${running(f)}.`,
      some_silent: (f: Figures) => `In Betrieb: ${running(f)}; nicht mehr gehört: ${f.silent}.`,
      no_consumer: (f: Figures) => `In Betrieb: ${running(f)}; keines verarbeitet Befehle.`,
      unknown: databaseSilent,
    },
    module_types: {
      same: 'Es enthält jedes registrierte Modul und kein anderes.',
      different: (f: Figures) =>
        `Es fehlen ${plural(f.unlisted, 'registriertes Modul', 'registrierte Module')}; nicht registriert: ${numbers.format(f.unregistered)}.`,
      unknown: databaseSilent,
    },
  },
  stillWorks: {
    postgres: {
      disk_full: noWrites,
      read_only: noWrites,
      files_unwritable: noWrites,
      unreachable:
        'Lesen aus dem Cache. Schreiben, Anmelden und anderes Lesen werden mit 503 beantwortet, bis PostgreSQL wieder antwortet; nichts Bestätigtes geht verloren.',
    },
    kafka: { partly_unreachable: withoutKafka, unreachable: withoutKafka },
    redis: { partly_unreachable: withoutRedis, unreachable: withoutRedis },
    relay: { late: withoutRelay, no_leader: withoutRelay },
    consumers: { far_behind: withoutConsumers, group_without_members: withoutConsumers },
    dead_letters: {
      open: 'Alles andere; was hier liegt, ist nicht geschehen.',
      keys_blocked:
        'Alles außer den Ereignissen der blockierten Schlüssel: Sie warten, bis ihre Einträge wiederholt oder verworfen sind.',
    },
    operations: {
      late: 'Lesen. Befehle werden entschieden, sobald ein Replikat sie verarbeitet; ihre Vorgänge lassen sich abrufen.',
    },
    replicas: { no_consumer: 'Lesen. Befehle warten in Kafka, bis ein Worker läuft.' },
  },
};
