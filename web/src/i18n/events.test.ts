import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { events as de } from '@/i18n/de/events.ts';
import { events as en } from '@/i18n/en/events.ts';

const types = readdirSync(resolve('../schemas/events'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

test.each([
  ['English', en],
  ['German', de],
])('every event of the log has a sentence and a name in %s, and nothing else has', (_, { sentences, types: names }) => {
  expect(types.length).toBeGreaterThan(20);
  const variantless = Object.keys(sentences).filter((key) => !key.includes(':'));
  expect(variantless.toSorted()).toEqual(types.toSorted());
  expect(Object.keys(names).toSorted()).toEqual(types.toSorted());
});
