import { expect, test } from 'vitest';
import { type KnownPage, learned, needed } from '@/ui/pages.ts';

const page = (count: number, next: string | null) => ({ items: Array.from({ length: count }), next_cursor: next });

test('pages are learned one by one, and one that says nothing new changes nothing', () => {
  const one = learned([], 0, page(100, 'b'));
  expect(one).toEqual([
    { cursor: undefined, count: 100 },
    { cursor: 'b', count: null },
  ]);
  expect(learned(one, 0, page(100, 'b'))).toBe(one);
  expect(learned(one, 1, page(7, null))).toEqual([
    { cursor: undefined, count: 100 },
    { cursor: 'b', count: 7 },
  ]);
});

test('a page that now ends elsewhere moves where the next begins, and a last one ends the list', () => {
  const known: KnownPage[] = [
    { cursor: undefined, count: 100 },
    { cursor: 'b', count: 100 },
    { cursor: 'c', count: 5 },
  ];
  expect(learned(known, 0, page(100, 'b2'))).toEqual([known[0], { cursor: 'b2', count: 100 }, known[2]]);
  expect(learned(known, 0, page(3, null))).toEqual([{ cursor: undefined, count: 3 }]);
});

test('only pages near the rows in sight are needed, however many are known', () => {
  const known = Array.from({ length: 1000 }, (_, index) => ({ cursor: String(index), count: 100 }));
  expect(needed(known, 50_000, 50_020)).toEqual([499, 500]);
  expect(needed([...known.slice(0, 2), { cursor: 'c', count: null }], 190, 199)).toEqual([1, 2]);
  expect(needed([...known.slice(0, 2), { cursor: 'c', count: null }], 0, 20)).toEqual([]);
});
