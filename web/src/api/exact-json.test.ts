import { expect, test } from 'vitest';
import { exactly, isExactNumber, jsonText, parseExactly, plain } from '@/api/exact-json.ts';
import { isJsonObject, readJson, sameJson, shownJson } from '@/ui/json-values.ts';

const WRITTEN =
  '{"id":9007199254740993,"price":1.10,"far":1e400,"zero":-0,"one":1.0,"fine":0.1,"n":[-12345678901234567890,{"e":1E3}]}';

test('what is read and written again has every number as it was', () => {
  expect(jsonText(parseExactly(WRITTEN))).toBe(WRITTEN);
  expect(JSON.parse(shownJson(parseExactly('{"a":1,"b":"x"}')))).toEqual({ a: 1, b: 'x' });
});

test('for what counts, each is a number; what holds none to be told otherwise stays itself', () => {
  const value = parseExactly(WRITTEN) as Record<string, unknown>;
  expect(plain(value)).toEqual({ ...(JSON.parse(WRITTEN) as object), far: Number.MAX_VALUE });
  const simple = { a: [1, { b: 'x' }] };
  expect(plain(simple)).toBe(simple);
});

test('numbers are the same by what they are worth, and only then', () => {
  const of = (text: string) => parseExactly(text);
  expect(sameJson(of('{"a":1.10}'), of('{"a":1.1}'))).toBe(true);
  expect(sameJson(of('1e3'), of('1000'))).toBe(true);
  expect(sameJson(of('9007199254740993'), of('9007199254740992'))).toBe(false);
  expect(sameJson(of('1e400'), of('1e401'))).toBe(false);
  expect(sameJson(of('{"a":1,"b":2}'), of('{"b":2,"a":1}'))).toBe(true);
});

test('configs pass the network unchanged in both directions, and what the service counts is a number', async () => {
  const bodies: string[] = [];
  const fetch = exactly(async (input) => {
    const request = input as Request;
    bodies.push(await request.text());
    return new Response(`{"seconds":1.50,"sequence":3,"items":[{"default_config":${WRITTEN}}]}`, {
      headers: { 'Content-Type': 'application/json' },
    });
  });
  const answer = (await (await fetch('http://localhost/x')).json()) as Record<string, unknown>;
  expect(answer['seconds']).toBe(1.5);
  const [item] = answer['items'] as Record<string, unknown>[];
  const config = item?.['default_config'];
  expect(isJsonObject(config) && isExactNumber(config['id'])).toBe(true);
  await fetch(
    new Request('http://localhost/x', {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ default_config: config }),
    }),
  );
  expect(bodies[1]).toBe(`{"default_config":${WRITTEN}}`);
});

test('a text that is no JSON object says in which line, and why', () => {
  expect(readJson('{\n  "a": 1,\n}').fault).toEqual({ line: 3, kind: 'syntax' });
  expect(readJson('{"a": 1,\n "b" 2}').fault).toEqual({ line: 2, kind: 'syntax' });
  expect(readJson('{"a": 1').fault).toMatchObject({ kind: 'syntax', line: 1 });
  expect(readJson('{"a": 1,\n"a": 2}').fault).toEqual({ line: 2, kind: 'twice', key: 'a' });
  expect(readJson('[1]').fault).toEqual({ line: 1, kind: 'noObject' });
  expect(readJson(' \n').fault).toEqual({ line: 1, kind: 'empty' });
  expect(readJson('{"a": 01}').fault).toMatchObject({ kind: 'syntax' });
});
