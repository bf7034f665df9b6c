import { type OutputUnit, Validator } from '@cfworker/json-schema';
import type { Messages } from '@/i18n/messages.tsx';
import { type JsonObject, isJsonObject, pathOf } from '@/ui/json-values.ts';
import { judgedSchemaOf } from '@/ui/schema-dialects.ts';

/** What is wrong, and where: a JSON pointer into the value. */
export interface ValidationError {
  readonly pointer: string;
  readonly message: string;
}

/** These only say that something inside them is wrong, which is reported by itself. */
const ABOUT_THEIR_PARTS = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'items',
  'prefixItems',
  'additionalItems',
  'propertyNames',
  'allOf',
  'if',
  'dependentSchemas',
  '$ref',
]);
/** What is wrong inside these is not told: that none fits, or which must not, is. */
const ALTERNATIVES = new Set(['anyOf', 'oneOf', 'not', 'if', 'contains']);
/** Keywords whose next step is a name, not a keyword. */
const HOLD_NAMES = new Set(['properties', 'patternProperties', 'dependentSchemas', 'dependencies', '$defs']);
const HOLD_PLACES = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']);

interface Judge {
  readonly validator: Validator;
  readonly schema: JsonObject;
  readonly patterns: ReadonlyMap<string, string>;
}

const judges = new WeakMap<JsonObject, Judge | null>();

/** A schema is interpreted, not compiled: the page forbids `eval`. Null for one that only the service can judge. */
export function validatorOf(schema: JsonObject): Validator | null {
  return judgeOf(schema)?.validator ?? null;
}

function judgeOf(schema: JsonObject): Judge | null {
  const known = judges.get(schema);
  if (known !== undefined) return known;
  let made: Judge | null = null;
  try {
    const said = judgedSchemaOf(schema);
    if (said !== null) {
      made = { ...said, validator: new Validator(said.schema, '2020-12', false) };
      made.validator.validate({});
    }
  } catch {
    made = null;
  }
  judges.set(schema, made);
  return made;
}

/** Where a value does not fit its schema. `partial`: others may add what is missing, but not inside lists. */
export function validationErrors(schema: JsonObject, value: unknown, m: Messages, partial = false): ValidationError[] {
  const judge = judgeOf(schema);
  let found: Unit[];
  try {
    found = placed(judge?.validator.validate(value).errors ?? []);
  } catch {
    // What shows itself only with a value; the service refuses such a schema.
    return [];
  }
  if (judge === null) return [];
  const told = toldOf(found, value, partial).flatMap((unit) => {
    const missing = missingKey(unit);
    if (missing === null) return [{ pointer: unit.pointer, message: said(unit, judge, m) }];
    const at = `${unit.pointer}/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [{ pointer: at, message: m.ui.isRequired }];
  });
  return [...new Map(told.map((one) => [`${one.pointer} ${one.message}`, one])).values()];
}

function missingKey({ keyword, error }: Unit): string | null {
  if (!['required', 'dependentRequired', 'dependencies'].includes(keyword)) return null;
  return /^Instance (?:has ".*" but )?does not have (?:required property )?"(.*)"\.$/s.exec(error)?.[1] ?? null;
}

interface Unit {
  readonly keyword: string;
  readonly error: string;
  readonly pointer: string;
  readonly at: readonly string[];
}

/** Units with their places; the validator places a `false` where the value is, not where it is itself. */
function placed(found: readonly OutputUnit[]): Unit[] {
  const units: Unit[] = [];
  for (const { keyword, error, instanceLocation, keywordLocation } of found) {
    const at = keyword === 'false' ? [...insideOf(units.at(-1)), 'false'] : pathOf(decoded(keywordLocation.slice(1)));
    units.push({ keyword, error, pointer: decoded(instanceLocation.slice(1)), at });
  }
  return units;
}

/** Where a `false` is that comes next: in what was said just before to have something wrong in it. */
function insideOf(unit: Unit | undefined): readonly string[] {
  if (unit === undefined) return [];
  return unit.keyword === 'if' ? [...unit.at.slice(0, -1), 'then'] : unit.at;
}

/** Those that are told. */
function toldOf(found: readonly Unit[], value: unknown, partial: boolean): Unit[] {
  const shown = found.filter((unit) => isTold(unit, []));
  if (!partial) return shown;
  const kept = shown.filter((unit) => !isCurable(unit, found, value));
  // What an alternative that does not fit yet would have known counts as unknown until it fits.
  return kept.length === shown.length
    ? kept
    : kept.filter((unit) => isInList(unit, value) || !unit.at.includes('unevaluatedProperties'));
}

/** How far a place leads to the first alternative that it is inside of. */
function alternativeIn(steps: readonly string[]): number | null {
  for (let place = 0; place < steps.length; place += 1) {
    const step = steps[place] ?? '';
    if (ALTERNATIVES.has(step) && place < steps.length - 1) return place;
    if (HOLD_NAMES.has(step) || (HOLD_PLACES.has(step) && /^\d+$/.test(steps[place + 1] ?? ''))) place += 1;
  }
  return null;
}

/** Whether a key that is added may set it right. */
function isCurable(unit: Unit, found: readonly Unit[], value: unknown): boolean {
  if (isInList(unit, value)) return false;
  switch (unit.keyword) {
    case 'required':
    case 'dependentRequired':
    case 'dependencies':
    case 'minProperties':
    case 'not':
      return true;
    case 'oneOf':
      if (!unit.error.includes('(0 matches)')) return true;
      break;
    case 'anyOf':
      break;
    default:
      return false;
  }
  const branches = new Set(found.filter((other) => isInside(other, unit, [])).map((other) => other.at[unit.at.length]));
  return [...branches].some((branch) => {
    const steps = [branch ?? ''];
    const inside = found.filter((other) => isInside(other, unit, steps));
    return inside
      .filter((other) => isTold(other, [...unit.at, ...steps]))
      .every((other) => isCurable(other, inside, value));
  });
}

/** Whether it is told for itself, seen from a place of the schema. */
const isTold = (unit: Unit, under: readonly string[]): boolean =>
  !ABOUT_THEIR_PARTS.has(unit.keyword) &&
  (unit.keyword !== 'dependencies' || missingKey(unit) !== null) &&
  alternativeIn(unit.at.slice(under.length)) === null;

/** Whether one unit is about an alternative of another, further along these steps. */
function isInside(one: Unit, other: Unit, steps: readonly string[]): boolean {
  const under = [...other.at, ...steps];
  return (
    one.at.length > under.length &&
    under.every((step, place) => one.at[place] === step) &&
    (one.pointer === other.pointer || one.pointer.startsWith(`${other.pointer}/`))
  );
}

/** Lists are replaced as a whole, so nothing can be added in one. */
function isInList(unit: Unit, value: unknown): boolean {
  let at = value;
  for (const step of pathOf(unit.pointer)) {
    if (Array.isArray(at)) return true;
    at = isJsonObject(at) ? at[step] : undefined;
  }
  return false;
}

const decoded = (fragment: string): string => {
  try {
    return decodeURI(fragment);
  } catch {
    return fragment;
  }
};

function said(unit: Unit, judge: Judge, m: Messages): string {
  const wanted = stated(judge.schema, unit.at);
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
      return m.ui.wrongPattern(judge.patterns.get(limit) ?? limit);
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
