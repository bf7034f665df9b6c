import { numberFrom, worth } from '@/api/exact-json.ts';

export type ReadNumber = { readonly value: number | string | undefined } | 'wrong' | 'ambiguous';

const WITH_POINT = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d{1,4})?$/i;
const ONE_COMMA = /^([+-]?)(\d*),(\d+)(e[+-]?\d{1,4})?$/i;
/** As thousands are grouped: `1,000` and, where a comma is for decimals, `1.000`. */
const GROUPED = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

/** What stands before the decimals in a language. */
export const decimalSign = (language: string): string =>
  new Intl.NumberFormat(language).format(0.5).includes(',') ? ',' : '.';

/**
 * The number that a text says; `undefined` for an empty one. A text that says none, or may say two, is not guessed at,
 * and no character of it is passed over.
 */
export function readNumber(typed: string, language: string): ReadNumber {
  const text = typed.trim().replace(/^\u2212/, '-');
  if (text === '') return { value: undefined };
  if (GROUPED.test(text) && !text.includes(decimalSign(language))) return 'ambiguous';
  const [, sign = '', whole = '', fraction = '', power = ''] = ONE_COMMA.exec(text) ?? [];
  const found = WITH_POINT.exec(fraction === '' ? text : `${sign}${whole}.${fraction}${power}`);
  if (found === null) return 'wrong';
  const [, minus = '', digits = '', exponent = ''] = found;
  const [before = '', after = ''] = digits.split('.');
  const point = after === '' ? '' : `.${after}`;
  const written = `${minus === '-' ? '-' : ''}${before.replace(/^0+(?=\d)/, '') || '0'}${point}${exponent}`;
  const value = worth(written);
  return { value: typeof value === 'number' ? value : numberFrom(written) };
}
