import { isExactNumber, jsonText, numberText, parseExactly, worth } from '@/api/exact-json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON pointer (RFC 6901) of a path: `/invoice/prefix`; empty for the whole. */
export const pointerTo = (path: readonly (string | number)[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export const pathOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

export const sameJson = (one: unknown, other: unknown): boolean =>
  one === other || JSON.stringify(one, ordered) === JSON.stringify(other, ordered);

/** Numbers by what they are worth, keys in one order. */
const ordered = (_: string, inner: unknown): unknown => {
  if (isExactNumber(inner)) return worth(numberText(inner));
  return isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
};

export const shownJson = (value: unknown): string => jsonText(value, 2);

/** Why a text is no JSON object, and in which line, counted from 1. */
export interface JsonFault {
  readonly line: number;
  readonly kind: 'empty' | 'syntax' | 'twice' | 'noObject';
  /** The key that is there twice. */
  readonly key?: string;
}

export type ReadJson =
  { readonly value: JsonObject; readonly fault: null } | { readonly value: null; readonly fault: JsonFault };

/** The object a text says, or what keeps it from saying one. A key with two values says neither. */
export function readJson(text: string): ReadJson {
  try {
    const value = parseExactly(text);
    return isJsonObject(value) ? { value, fault: null } : faulty({ line: 1, kind: 'noObject' });
  } catch (error) {
    if (text.trim() === '') return faulty({ line: 1, kind: 'empty' });
    const message = error instanceof Error ? error.message : '';
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.trimEnd().length);
    const line = text.slice(0, position).split('\n').length;
    const key = /^Duplicate key '(.*)' encountered/s.exec(message)?.[1];
    return faulty(key === undefined ? { line, kind: 'syntax' } : { line, kind: 'twice', key });
  }
}

const faulty = (fault: JsonFault): ReadJson => ({ value: null, fault });

/** The object a text says; null when it is no JSON, or no object. */
export const parsedObject = (text: string): JsonObject | null => readJson(text).value;

/** What is at a place; undefined where nothing is. */
export const valueAt = (value: unknown, pointer: string): unknown =>
  pathOf(pointer).reduce<unknown>(
    (at, step) =>
      Array.isArray(at)
        ? (at[Number(step)] as unknown)
        : isJsonObject(at) && Object.hasOwn(at, step)
          ? at[step]
          : undefined,
    value,
  );

export interface Difference {
  /** JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly before: unknown;
  readonly after: unknown;
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** Where two JSON values differ. Objects are walked; arrays and scalars count as one value. */
export function differences(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (isJsonObject(before) && isJsonObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .sort()
      .flatMap((key) => differences(before[key], after[key], `${pointer}/${escaped(key)}`));
  }
  return before !== undefined && after !== undefined && sameJson(before, after) ? [] : [{ pointer, before, after }];
}
