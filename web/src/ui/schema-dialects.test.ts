import { expect, test } from 'vitest';
import { en } from '@/i18n/en.ts';
import type { JsonObject } from '@/ui/json-values.ts';
import { validationErrors } from '@/ui/validation-errors.ts';
import { followed, formSchemaOf } from '@/ui/schema-dialects.ts';
import { unicodePattern } from '@/ui/unicode-pattern.ts';

const told = (schema: JsonObject, value: unknown, partial = false) =>
  validationErrors(schema, value, en, partial).map((one) => `${one.pointer} ${one.message}`);

const DRAFT_04 = 'http://json-schema.org/draft-04/schema#';
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const OF_2019 = 'https://json-schema.org/draft/2019-09/schema';

const VALUES: JsonObject = {
  $schema: DRAFT_07,
  $id: 'https://charts.example/values.schema.json',
  properties: {
    image: { $ref: '#/definitions/image', title: 'Image', minProperties: 5 },
    other: { $ref: 'values.schema.json#image' },
    port: { $id: '#/properties/port', type: 'integer', exclusiveMinimum: 0, default: { $id: 'data' } },
    pair: { items: [{ type: 'string' }], additionalItems: false },
    id: { type: 'string', format: 'uuid' },
    not: { type: 'string' },
    sign: { pattern: '^[\\w-.]\\<$' },
    probe: { dependencies: { path: ['port'], name: { required: ['path'] } } },
  },
  definitions: {
    image: { $id: '#image', type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
  },
};

test('a schema of an earlier dialect is judged by its own rules', () => {
  expect(told(VALUES, { image: { name: 'web' }, port: 1, pair: ['a'], id: 'x', not: 'x', sign: 'a<' })).toEqual([]);
  expect(
    told(VALUES, {
      image: {},
      other: { name: 5 },
      port: 0,
      pair: ['a', 1],
      not: 1,
      sign: '<',
      probe: { path: 1, name: 1 },
    }),
  ).toEqual([
    '/image/name is required',
    '/other/name has to be of type string',
    '/port has to be more than 0',
    '/pair/1 is not known to the schema',
    '/not has to be of type string',
    '/sign has to match ^[\\w-.]\\<$',
    '/probe/port is required',
  ]);
  const old = { $schema: DRAFT_04, id: 'x', properties: { a: { minimum: 1, exclusiveMinimum: true, id: 'y' } } };
  expect(told(old, { a: 1 })).toEqual(['/a has to be more than 1']);
  expect(told(old, { a: 2 })).toEqual([]);
  expect(told({ $schema: DRAFT_07, properties: { a: { if: { const: 1 }, then: false } } }, { a: 1 })).toEqual([
    '/a is not known to the schema',
  ]);
  const tree = {
    $schema: OF_2019,
    $recursiveAnchor: true,
    properties: { a: { $recursiveRef: '#' }, b: { type: 'null' } },
  };
  expect(told(tree, { a: { a: { b: 1 } } })).toEqual(['/a/a/b has to be of type null']);
});

test.each([
  [{ $schema: 'https://modplane.example/dialect', type: 'null' }],
  [{ properties: { a: { $ref: 'https://modplane.example/elsewhere' } }, type: 'null' }],
  [{ properties: { a: { pattern: '\\A' } }, type: 'null' }],
])('what cannot be judged here is left to the service: %j', (schema) => {
  expect(told(schema, { a: 'x' })).toEqual([]);
});

test('a form is made of the schema with its names resolved', () => {
  const said = formSchemaOf(VALUES);
  expect(said).toMatchObject({
    properties: {
      image: { title: 'Image', $ref: '#/$defs/0' },
      other: { $ref: '#/$defs/0' },
      port: { default: { $id: 'data' } },
      id: { format: 'uuid' },
    },
    $defs: { 0: { required: ['name'] } },
  });
  expect(followed(said ?? {}, { $ref: '#/$defs/0' })).toMatchObject({ required: ['name'] });
  expect(followed({ $ref: '#' }, { $ref: '#' })).toEqual({ $ref: '#' });
  expect(JSON.stringify(said)).not.toContain('charts.example');
  expect(formSchemaOf({ $ref: '#' })).toEqual({ $ref: '#' });
});

const STEPS = { items: { required: ['name'] } };

test.each([
  [{ required: ['a'], minProperties: 2 }, {}, []],
  [{ properties: { a: STEPS } }, { a: [{}] }, ['/a/0/name is required']],
  [{ properties: { a: { properties: { b: STEPS } } } }, { a: { b: [{}] } }, ['/a/b/0/name is required']],
  [{ oneOf: [{ required: ['a'] }, { required: ['b'] }] }, {}, []],
  [{ oneOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1, b: 1 }, []],
  [{ anyOf: [{ required: ['a'] }, { type: 'array' }] }, {}, []],
  [
    { anyOf: [{ type: 'array' }, { properties: { a: { type: 'string' } } }] },
    { a: 1 },
    [' fits none of the alternatives'],
  ],
  [
    { properties: { a: { items: { oneOf: [{ required: ['b'] }] } } } },
    { a: [{}] },
    ['/a/0 has to fit exactly one of the alternatives'],
  ],
  [{ not: { properties: { a: { const: 1 } } } }, {}, []],
  [{ dependentRequired: { a: ['b'] } }, { a: 1 }, []],
  [{ properties: { a: { minItems: 2 } } }, { a: [1] }, ['/a needs at least 2 items']],
  [
    { oneOf: [{ required: ['a'] }, { required: ['b'] }], properties: { a: true }, unevaluatedProperties: false },
    { c: 1 },
    [],
  ],
  [{ properties: { a: true }, unevaluatedProperties: false }, { c: 1 }, ['/c is not known to the schema']],
])('others may add what is missing, but not inside lists: %j %j', (schema, value, expected) => {
  expect(told(schema, value, true)).toEqual(expected);
});

test.each([
  ['^\\<$', '^<$'],
  ['a\\-b', 'a-b'],
  ['^[\\w-.]$', '^[\\w\\-.]$'],
  ['a{,2}', 'a\\{,2\\}'],
  ['^\\p{L}{1,2}[\\-]$', '^\\p{L}{1,2}[\\-]$'],
  ['(?i)a', null],
])('a pattern that the flag u does not allow is said so that it does: %s', (pattern, said) => {
  expect(unicodePattern(pattern)).toBe(said);
});
