import { expect, test } from 'vitest';
import { choices, layerFor, merged, patchOf, picked, placed, unstorable } from '@/assignments/layers.ts';

const below = { currency: 'EUR', invoice: { prefix: 'R', digits: 6 } };

test('a layer holds what differs from what lies below, and what it held before', () => {
  const edited = { currency: 'EUR', invoice: { prefix: 'X', digits: 6 }, extra: true };
  expect(layerFor(below, {}, edited)).toEqual({ invoice: { prefix: 'X' }, extra: true });
  expect(layerFor(below, { currency: 'EUR' }, edited)).toEqual({
    currency: 'EUR',
    invoice: { prefix: 'X' },
    extra: true,
  });
  expect(merged(below, layerFor(below, {}, edited))).toEqual(edited);
});

test('a patch removes, adds and replaces, and says nothing of what stays', () => {
  expect(patchOf({ a: 1, b: { c: 2, d: 3 }, e: [1] }, { b: { c: 2, d: 4 }, e: [1], f: null })).toEqual({
    a: null,
    b: { d: 4 },
    f: null,
  });
});

test('letting go of a value leaves no empty objects behind', () => {
  expect(placed({ invoice: { prefix: 'X' } }, '/invoice/prefix', undefined)).toEqual({});
  expect(placed({}, '/a~1b/c', 1)).toEqual({ 'a/b': { c: 1 } });
});

test('of two that changed one layer, what one alone changed is told from what both did', () => {
  const [base, theirs, mine] = [
    { a: 1, b: 1, c: 1 },
    { a: 2, b: 1, c: 2 },
    { a: 1, b: 3, c: 3 },
  ];
  const found = choices(base, theirs, mine);
  expect(found.map(({ pointer, by }) => [pointer, by])).toEqual([
    ['/a', 'them'],
    ['/b', 'me'],
    ['/c', 'both'],
  ]);
  expect(picked(theirs, found, ({ by }) => by !== 'them')).toEqual({ a: 2, b: 3, c: 3 });
});

test('what a merge patch cannot say, and what cannot be taken out, is told before it is saved', () => {
  const told = (kept: object, edited: object) =>
    unstorable(below, kept as Readonly<Record<string, unknown>>, kept as Readonly<Record<string, unknown>>, {
      ...edited,
    }).map(({ pointer, why }) => `${pointer} ${why}`);
  expect(told({}, { ...below, currency: null })).toEqual(['/currency null']);
  expect(told({}, { ...below, more: { deep: { limit: null } } })).toEqual(['/more/deep/limit null']);
  expect(told({}, { ...below, list: [null] })).toEqual([]);
  expect(told({ odd: null }, { ...below, odd: null, more: 1 })).toEqual([]);
  expect(told({}, { invoice: { digits: 6 } })).toEqual(['/currency below', '/invoice/prefix below']);
  expect(told({}, { ...below, invoice: {} })).toEqual(['/invoice/digits below', '/invoice/prefix below']);
  expect(told({ currency: 'CHF' }, { invoice: below.invoice })).toEqual([]);
  expect(told({}, { ...below, currency: '', extra: true })).toEqual([]);
});
