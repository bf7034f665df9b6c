import { describe, expect, test } from 'vitest';
import { byName, hasWords } from './words.ts';

describe('words', () => {
  test.each([
    ['STRASSE', 'straße'],
    ['cafe\u0301', 'Café'],
    ["O'Neil", 'O’Neil & Söhne'],
    ['meier-huber', 'Meier–Huber'],
    ['Zebra', '“Zebra” Ltd'],
    ['ромашка', 'ООО «Ромашка»'],
    ['Acme GmbH', 'Acme\u00a0GmbH'],
    ['field_service', 'Field Service'],
    ['ＦＵＬＬ', 'full width'],
    ['☕', 'Café ☕'],
    ['', 'anything'],
    ['ltd zeb', 'Zebra Ltd'],
  ])('%s finds %s', (q, text) => {
    expect(hasWords(q, text)).toBe(true);
  });

  test.each([
    ['cafe', 'Café'],
    ['zebras', 'Zebra'],
    ['☕', 'Café'],
  ])('%s does not find %s', (q, text) => {
    expect(hasWords(q, text, null)).toBe(false);
  });

  test('names sort as people do', () => {
    expect(['Zoo', '10', 'Bau', '9', 'Ärzte'].sort(byName)).toEqual(['9', '10', 'Ärzte', 'Bau', 'Zoo']);
  });
});
