import { type OutputUnit, Validator } from '@cfworker/json-schema';
import type { Messages } from '@/i18n/messages.tsx';
import { type JsonObject, isJsonObject, pathOf } from '@/ui/json-values.ts';

/** What is wrong, and where: a JSON pointer into the value. */
export interface Misfit {
  readonly pointer: string;
  readonly message: string;
}

/** These only say that something inside them is wrong, which is reported by itself. */
const ABOUT_THEIR_PARTS = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'items',
  'prefixItems',
  'additionalItems',
  'allOf',
  'if',
  'dependentSchemas',
  '$ref',
  '$dynamicRef',
]);

const validators = new WeakMap<JsonObject, Validator | null>();

/** A schema is interpreted, not compiled: the page forbids `eval`. Null for one that cannot be used. */
export function validatorOf(schema: JsonObject): Validator | null {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  let made: Validator | null;
  try {
    made = new Validator(schema, '2020-12', false);
    made.validate({});
  } catch {
    made = null;
  }
  validators.set(schema, made);
  return made;
}

/** Where a value does not fit its schema. `partial`: others may add what is missing, so nothing is missing. */
export function misfits(schema: JsonObject, value: unknown, m: Messages, partial = false): Misfit[] {
  let found: OutputUnit[];
  try {
    found = validatorOf(schema)?.validate(value).errors ?? [];
  } catch {
    // A reference into nowhere shows itself only with a value; the server refuses such a schema.
    return [];
  }
  const told = found
    .filter(
      (unit) => !ABOUT_THEIR_PARTS.has(unit.keyword) && !/\/(anyOf|oneOf|not|if|contains)\//.test(unit.keywordLocation),
    )
    .flatMap((unit) => {
      if (unit.keyword !== 'required') return [{ pointer: pointerOf(unit), message: said(unit, schema, m) }];
      const missing = /"(.*)"/s.exec(unit.error)?.[1] ?? '';
      const at = `${pointerOf(unit)}/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      return partial ? [] : [{ pointer: at, message: m.ui.isRequired }];
    });
  return [...new Map(told.map((one) => [`${one.pointer} ${one.message}`, one])).values()];
}

const pointerOf = (unit: OutputUnit): string => decoded(unit.instanceLocation.replace(/^#/, ''));

const decoded = (fragment: string): string => {
  try {
    return decodeURI(fragment);
  } catch {
    return fragment;
  }
};

function said(unit: OutputUnit, schema: JsonObject, m: Messages): string {
  const wanted = stated(schema, pathOf(decoded(unit.keywordLocation.replace(/^#/, ''))));
  const limit = typeof wanted === 'number' || typeof wanted === 'string' ? String(wanted) : '';
  switch (unit.keyword) {
    case 'false':
      return m.ui.keyUnknown;
    case 'type':
      return m.ui.wrongType(Array.isArray(wanted) ? wanted.join(', ') : limit);
    case 'enum':
      return m.ui.notAmong(Array.isArray(wanted) ? wanted.map((one) => JSON.stringify(one)).join(', ') : '');
    case 'const':
      return m.ui.notAmong(JSON.stringify(wanted));
    case 'oneOf':
      return m.ui.notOneAlternative;
    case 'anyOf':
      return m.ui.noAlternative;
    case 'minimum':
      return m.ui.atLeast(limit);
    case 'exclusiveMinimum':
      return m.ui.moreThan(limit);
    case 'maximum':
      return m.ui.atMost(limit);
    case 'exclusiveMaximum':
      return m.ui.lessThan(limit);
    case 'multipleOf':
      return m.ui.multipleOf(limit);
    case 'minLength':
      return m.ui.tooShort(Number(limit));
    case 'maxLength':
      return m.ui.tooLong(Number(limit));
    case 'pattern':
      return m.ui.wrongPattern(limit);
    case 'format':
      return m.ui.wrongFormat(limit);
    case 'minItems':
      return m.ui.tooFew(Number(limit));
    case 'maxItems':
      return m.ui.tooMany(Number(limit));
    case 'uniqueItems':
      return m.ui.notUnique;
    default:
      return unit.error;
  }
}

/** What a schema says at a place of itself; references inside it are followed. */
function stated(schema: JsonObject, path: readonly string[]): unknown {
  let at: unknown = schema;
  for (const step of path) {
    at = Array.isArray(at) ? (at[Number(step)] as unknown) : isJsonObject(at) ? at[step] : undefined;
    if (step === '$ref' && typeof at === 'string')
      at = at.startsWith('#/') ? stated(schema, pathOf(at.slice(1))) : schema;
  }
  return at;
}
