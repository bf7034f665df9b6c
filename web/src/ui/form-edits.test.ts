import { expect, test } from 'vitest';
import { parseExactly } from '@/api/exact-json.ts';
import { edited } from '@/ui/form-edits.ts';

test('what a form makes up by itself does not get into the value', () => {
  expect(edited({ b: 1 }, { kind: 'k', b: 1 }, { kind: 'k', b: 1 })).toEqual({ b: 1 });
  expect(edited({ b: 1 }, { kind: 'k', b: 1 }, { kind: 'k', b: 2 })).toEqual({ b: 2 });
  expect(edited({}, { a: { x: 'X' } }, { a: { x: 'X', y: 1 } })).toEqual({ a: { y: 1 } });
});

test('what is taken away or emptied goes, and an empty text is a text', () => {
  expect(edited({ a: 1, b: 2 }, { a: 1, b: 2 }, { a: undefined, b: 2 })).toEqual({ b: 2 });
  expect(edited({ a: 'x' }, { a: 'x' }, { a: '' })).toEqual({ a: '' });
});

test('numbers that nobody touched stay as they are written, also in lists whose items move', () => {
  const value = parseExactly('{"id":9007199254740993,"b":1,"list":[{"p":1.10},{"p":2.20}],"n":[1.0,2.0]}') as Readonly<
    Record<string, unknown>
  >;
  const { id, list, n } = value as { id: unknown; list: unknown[]; n: unknown[] };
  const after = { ...value, b: 2, list: [list[1], list[0]], n: [...n, 3] };
  expect(edited(value, value, after)).toEqual({ id, b: 2, list: [list[1], list[0]], n: [...n, 3] });
});

test('a new item that is nothing yet is null', () => {
  expect(edited({ list: ['a'] }, { list: ['a'] }, { list: ['a', undefined] })).toEqual({ list: ['a', null] });
});
