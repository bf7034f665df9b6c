import { expect, test } from 'vitest';
import { numberFrom } from '@/api/exact-json.ts';
import { readNumber } from '@/ui/read-number.ts';

const says = (value: unknown) => ({ value });

test.each([
  ['19.90', 'en', says(19.9)],
  ['19,90', 'en', says(19.9)],
  ['19,90', 'de', says(19.9)],
  ['0,125', 'en', says(0.125)],
  ['1e3', 'en', says(1000)],
  ['-.5', 'en', says(-0.5)],
  ['5.', 'en', says(5)],
  ['+007', 'de', says(7)],
  ['\u22125', 'en', says(-5)],
  ['  12 ', 'en', says(12)],
  ['', 'en', says(undefined)],
  ['   ', 'en', says(undefined)],
  ['9007199254740993', 'en', says(numberFrom('9007199254740993'))],
  ['1e400', 'en', says(numberFrom('1e400'))],
  ['1,000', 'de', says(1)],
  ['1.000', 'en', says(1)],
  ['1,000', 'en', 'ambiguous'],
  ['1.000', 'de', 'ambiguous'],
  ['0.125', 'de', says(0.125)],
])('%j in %s', (typed, language, expected) => {
  expect(readNumber(typed, language)).toEqual(expected);
});

test.each([
  '--5',
  '1 000',
  '1\u00a0000',
  "1'000",
  '1,234,567',
  '1.234,5',
  '1,234.5',
  'abc',
  '12abc',
  '0x10',
  '1e',
  '-',
  ',',
  '.',
  '1_000',
  '٣',
  'Infinity',
  'NaN',
  '5%',
])('%j is no number, and none is made of it', (typed) => {
  expect(readNumber(typed, 'en')).toBe('wrong');
  expect(readNumber(typed, 'de')).toBe('wrong');
});
