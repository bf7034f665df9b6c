import { expect, test } from 'vitest';
import type { SystemStatus } from '@modplane/client';
import { systemStatus as de } from '@/i18n/de/system-status.ts';
import { systemStatus as en } from '@/i18n/en/system-status.ts';
import { sentenceOf, stillWorks, summaryOf } from '@/system/sentences.ts';

const well = { state: 'ok', since: null } as const;
const replica = { role: 'all', version: '1', started_at: '', seen_at: '', reaches_kafka: true, reaches_redis: true };

const status: SystemStatus = {
  state: 'ok',
  checked_at: '2026-11-01T12:00:00Z',
  answered_by: 'one',
  postgres: { ...well, code: 'answers', answer_ms: 1, version: '18' },
  kafka: { ...well, code: 'answers', answer_ms: 1, version: null, replicas: 2, replicas_without: 1 },
  redis: { ...well, code: 'answers', answer_ms: 1, version: '8', replicas: 2, replicas_without: 0 },
  relay: { ...well, code: 'publishing', waiting: 1, oldest_seconds: 300, leader: 'one' },
  consumers: { ...well, code: 'behind', lag: 12_000, groups: [{ group: 'g', members: 0, lag: 12_000, topics: [] }] },
  dead_letters: { ...well, code: 'none_open', open: { command: 1, event: 0, relay: 2 } },
  operations: { ...well, code: 'none_pending', pending: 100_000, oldest_pending_seconds: 9000, waiting_requests: 0 },
  cache: { ...well, code: 'measured', hit_ratio: 0.98, hits: 980, misses: 20, bypasses: 0 },
  replicas: {
    ...well,
    code: 'running',
    items: [
      { ...replica, name: 'one', state: 'running' },
      { ...replica, name: 'two', state: 'silent' },
    ],
  },
  module_types: { ...well, code: 'different', unlisted: ['a'], unregistered: [] },
};

test.each([
  ['relay', 'one takes events to Kafka: 1 event waiting, the oldest for 5 min.'],
  ['consumers', '12,000 records behind.'],
  ['cache', 'On 1 replica since they started, 98.0% of 1,000 reads were hits.'],
  ['module_types', 'It lacks 1 registered module and lists 0 others.'],
] as const)('a sentence of %s has its numbers', (part, sentence) => {
  expect(sentenceOf(part, status, 'en')).toBe(sentence);
});

test('what is wrong is told in the language spoken, and what still works', () => {
  const wrong: SystemStatus = {
    ...status,
    state: 'degraded',
    kafka: { ...status.kafka, state: 'degraded', code: 'partly_unreachable' },
    dead_letters: { ...status.dead_letters, state: 'degraded', code: 'keys_blocked' },
    operations: { ...status.operations, state: 'degraded', code: 'late' },
  };
  expect(summaryOf(wrong, 'en')).toBe(
    '1 of 2 replicas cannot reach Kafka, 1 event waiting. ' +
      'Dead letters to decide on: 1 command, 2 unpublished events. ' +
      '100,000 operations or more undecided, the oldest for 3 hr.',
  );
  expect(summaryOf(wrong, 'de')).toBe(
    '1 von 2 Replikaten erreicht Kafka nicht; Ereignisse in der Warteschlange: 1. ' +
      'Zu entscheiden: 1 Befehl, 2 unveröffentlichte Ereignisse. ' +
      '100.000 Vorgänge oder mehr ohne Entscheidung, der älteste seit 3 Std..',
  );
  expect(stillWorks('kafka', wrong, 'en')).toMatch(/^Reads and writes\./);
  expect(stillWorks('redis', wrong, 'en')).toBeNull();
});

test('a system all is well with says so, and one that is not known does not', () => {
  expect(summaryOf(status, 'en')).toBe('All is well.');
  expect(summaryOf({ ...status, state: 'unknown' }, 'de')).toBe('Nicht alles ließ sich ermitteln.');
});

test('each code has a text in both languages', () => {
  for (const [part, texts] of Object.entries(en.sentences)) {
    expect(Object.keys(de.sentences[part as keyof typeof texts])).toEqual(Object.keys(texts));
  }
});
