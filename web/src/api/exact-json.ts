import { parse, splitNumber, stringify } from 'lossless-json';

/**
 * A number that a `number` of JavaScript cannot say as it was written (`9007199254740993`, `1.10`, `1e400`) is held as
 * its text behind this mark. No text of the service begins so: it refuses NUL in every string.
 */
const MARK = '\u0000';

export const isExactNumber = (value: unknown): value is string => typeof value === 'string' && value.startsWith(MARK);

export const isNumeric = (value: unknown): value is number | string =>
  typeof value === 'number' || isExactNumber(value);

/** The value of a number that is written so: a `number` where that says the same. */
export const numberFrom = (text: string): number | string =>
  String(Number(text)) === text ? Number(text) : `${MARK}${text}`;

/** How a number was written. */
export const numberText = (value: number | string): string =>
  typeof value === 'number' ? String(value) : value.slice(MARK.length);

/** The same for numbers that are worth the same, however they are written: `1.10` and `1.1`, `1e3` and `1000`. */
export function worth(text: string): number | string {
  const near = Number(text);
  return Number.isFinite(near) && canonical(String(near)) === canonical(text) ? near : `${MARK}${canonical(text)}`;
}

function canonical(text: string): string {
  const { sign, digits, exponent } = splitNumber(text);
  return `${sign}${digits}e${exponent}`;
}

/** The nearest `number`, a finite one, for what counts with numbers. */
const approximate = (value: string): number =>
  Math.min(Math.max(Number(numberText(value)), -Number.MAX_VALUE), Number.MAX_VALUE);

/** JSON with each number as a `number`; the value itself where it holds no other. */
export function plain<T>(value: T): T;
export function plain(value: unknown): unknown {
  if (isExactNumber(value)) return approximate(value);
  if (typeof value !== 'object' || value === null) return value;
  const known = plainOnes.get(value);
  if (known !== undefined) return known;
  const made = madePlain(value);
  plainOnes.set(value, made);
  return made;
}

/** A schema's validator is found again by the schema itself. */
const plainOnes = new WeakMap<object, unknown>();

function madePlain(value: object): unknown {
  if (Array.isArray(value)) {
    const items = value.map((one) => plain(one as unknown));
    return items.every((one, place) => one === value[place]) ? value : items;
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, plain(inner as unknown), inner] as const);
  return entries.every(([, made, inner]) => made === inner)
    ? value
    : Object.fromEntries(entries.map(([key, made]) => [key, made]));
}

/** What a JSON text says, every number as it is written. Throws a `SyntaxError` that tells the place. */
export const parseExactly = (text: string): unknown => parse(text, undefined, { parseNumber: numberFrom });

/** JSON text, every number as it was written. */
export const jsonText = (value: unknown, space?: number): string =>
  stringify(value, undefined, space, [
    { test: isExactNumber, stringify: (one: unknown) => numberText(one as string) },
  ]) ?? '';

/** Numbers that `JSON.parse` would tell otherwise than they are written; a few more are let through than there are. */
const SUSPECT = /[:[,]\s*-?(?:\d{16}|\d+\.\d{15}|\d+(?:\.\d+)?[eE]|\d+\.\d*0\s*[,}\]]|0\s*[,}\]])/;
const INSIDE_NUMBERS_ARE_KEPT = new Set([
  'default_config',
  'config',
  'own_config',
  'config_schema',
  'metadata',
  'payload',
  'patch',
]);

/** Everything the service counts itself is a `number`: only what people wrote is kept as they wrote it. */
function exactInConfigs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(exactInConfigs);
  if (typeof value !== 'object' || value === null) return plain(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      INSIDE_NUMBERS_ARE_KEPT.has(key) ? (inner as unknown) : exactInConfigs(inner),
    ]),
  );
}

const isJson = (headers: Headers) => /[/+]json\b/.test(headers.get('content-type') ?? '');

/** A `fetch` under which no number changes between the service and the configs here, in either direction. */
export function exactly(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = await fetch(await withExactBody(new Request(input, init)));
    if (!isJson(answer.headers)) return answer;
    const text = await answer.clone().text();
    if (!SUSPECT.test(text)) return answer;
    const { status, statusText, headers } = answer;
    return new Response(JSON.stringify(exactInConfigs(parseExactly(text))), { status, statusText, headers });
  };
}

async function withExactBody(request: Request): Promise<Request> {
  if (!isJson(request.headers)) return request;
  const text = await request.clone().text();
  return text.includes('"\\u0000') ? new Request(request, { body: jsonText(JSON.parse(text)) }) : request;
}
