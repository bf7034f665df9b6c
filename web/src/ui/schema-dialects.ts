import { type JsonObject, isJsonObject } from '@/ui/json-values.ts';
import {
  DEFINITIONS,
  DRAFT_04,
  DRAFT_06,
  DRAFT_07,
  LISTS,
  MAPS,
  OF_2019,
  OF_2020,
  ONE,
  ORDER,
  Places,
  REFERENCES,
  Unsayable,
} from '@/ui/schema-places.ts';
import { unicodePattern } from '@/ui/unicode-pattern.ts';

/**
 * Config schemas are of the dialect that their `$schema` names. The form and the validator here know one way of saying
 * things: this says a schema of any dialect in that way. What it cannot say it leaves to the service, by null.
 */

const DATA = ['type', 'enum', 'const', 'required', 'dependentRequired', 'default', 'examples'];
/** Names of places, and what is told otherwise. */
const LEFT_OUT = [
  '$schema',
  '$id',
  'id',
  '$anchor',
  '$dynamicAnchor',
  '$recursiveAnchor',
  ...DEFINITIONS,
  ...REFERENCES,
];
/** Beside a reference, the earlier dialects overlook all that would bind. */
const DESCRIBING = ['title', 'description', 'default', 'examples', 'deprecated', 'readOnly'];
/** The dialect from which on the service asserts a format; of others it takes any text. */
const FORMATS: Readonly<Record<string, number>> = {
  'date-time': DRAFT_04,
  date: DRAFT_04,
  time: DRAFT_04,
  email: DRAFT_04,
  hostname: DRAFT_04,
  ipv4: DRAFT_04,
  ipv6: DRAFT_04,
  uri: DRAFT_04,
  regex: DRAFT_04,
  'uri-reference': DRAFT_06,
  'uri-template': DRAFT_06,
  'json-pointer': DRAFT_06,
  'relative-json-pointer': DRAFT_07,
  duration: OF_2019,
  uuid: OF_2019,
};
/** For a form: names are resolved, and what binds says so as in 2020-12. Null when it refers to what is not there. */
export const formSchemaOf = remembered((schema) => said(schema, false)?.schema ?? null);

/** For the validator; `patterns` tells what a pattern was before. */
export const judgedSchemaOf = remembered((schema) => said(schema, true));

/** What a reference in such a schema leads to, through those it leads to; anything else is itself. */
export function followed(root: JsonObject, schema: unknown): unknown {
  let at = schema;
  for (const seen = new Set<unknown>(); isJsonObject(at) && typeof at['$ref'] === 'string' && !seen.has(at);) {
    seen.add(at);
    const definitions = root['$defs'];
    const name = at['$ref'].split('/')[2];
    at = name === undefined ? root : isJsonObject(definitions) ? definitions[name] : undefined;
  }
  return at;
}

interface Said {
  readonly schema: JsonObject;
  readonly patterns: ReadonlyMap<string, string>;
}

function remembered<T>(made: (schema: JsonObject) => T): (schema: JsonObject) => T {
  const known = new WeakMap<JsonObject, { readonly made: T }>();
  return (schema) => {
    const before = known.get(schema) ?? { made: made(schema) };
    known.set(schema, before);
    return before.made;
  };
}

function said(schema: JsonObject, forJudging: boolean): Said | null {
  const dialect = dialectOf(schema);
  if (dialect === null) return null;
  try {
    const copy = new Copy(schema, dialect, forJudging);
    return { schema: copy.whole(), patterns: copy.patterns };
  } catch (error) {
    if (error instanceof Unsayable) return null;
    throw error;
  }
}

function dialectOf(schema: JsonObject): number | null {
  const uri = schema['$schema'];
  if (uri === undefined) return OF_2020;
  const name = typeof uri === 'string' ? /^https?:\/\/json-schema\.org\/(.+)\/schema#?$/.exec(uri)?.[1] : undefined;
  const order = ORDER.indexOf(name ?? '');
  return order < 0 ? null : order;
}

/** A schema said anew, with its references as pointers into `$defs`. */
class Copy {
  readonly patterns = new Map<string, string>();
  private readonly places: Places;
  private readonly names = new Map<JsonObject, string>();

  constructor(
    private readonly root: JsonObject,
    private readonly dialect: number,
    private readonly forJudging: boolean,
  ) {
    this.places = new Places(root, dialect);
  }

  whole(): JsonObject {
    const copy: Record<string, unknown> = { ...this.object(this.root) };
    const definitions: Record<string, unknown> = {};
    // A map goes on to what is put into it meanwhile.
    for (const [target, name] of this.names) definitions[name] = this.object(target);
    return this.names.size > 0 ? { ...copy, $defs: definitions } : copy;
  }

  private any = (schema: unknown): unknown => (isJsonObject(schema) ? this.object(schema) : schema);

  private object(schema: JsonObject): JsonObject {
    const references = REFERENCES.flatMap((keyword) => this.reference(schema, keyword));
    const [first, ...others] = references;
    const overlooks = this.dialect <= DRAFT_07 && first !== undefined;
    const copy: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(this.dialect === DRAFT_04 ? withLimits(schema) : schema)) {
      if (LEFT_OUT.includes(keyword) || (overlooks && !DESCRIBING.includes(keyword))) continue;
      const told = this.told(keyword, value);
      if (told !== undefined) copy[keyword] = told;
    }
    if (isJsonObject(first)) Object.assign(copy, first);
    const beside = isJsonObject(first) || first === undefined ? others : references;
    if (beside.length > 0)
      copy['allOf'] = [...(Array.isArray(copy['allOf']) ? (copy['allOf'] as unknown[]) : []), ...beside];
    return copy;
  }

  private reference(schema: JsonObject, keyword: string): readonly unknown[] {
    const reference = schema[keyword];
    if (typeof reference !== 'string') return [];
    const target = this.places.target(reference, schema);
    if (target === this.root) return [{ $ref: '#' }];
    if (!isJsonObject(target)) return [target];
    const name = this.names.get(target) ?? String(this.names.size);
    this.names.set(target, name);
    return [{ $ref: `#/$defs/${name}` }];
  }

  private told(keyword: string, value: unknown): unknown {
    if (LISTS.includes(keyword) && Array.isArray(value)) return value.map(this.any);
    if (ONE.includes(keyword)) return this.any(value);
    if (MAPS.includes(keyword) && isJsonObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [
          keyword === 'patternProperties' ? this.pattern(name) : name,
          this.any(inner),
        ]),
      );
    if (keyword === 'pattern' && typeof value === 'string') return this.pattern(value);
    if (keyword === 'format' && this.forJudging)
      return (FORMATS[String(value)] ?? Infinity) <= this.dialect ? value : undefined;
    // Of what nobody knows here, an object could be taken for a schema with a name.
    return DATA.includes(keyword) || typeof value !== 'object' ? value : undefined;
  }

  private pattern(text: string): string {
    if (!this.forJudging) return text;
    const told = unicodePattern(text);
    if (told === null) throw new Unsayable();
    if (told !== text) this.patterns.set(told, text);
    return told;
  }
}

/** In draft-04, `exclusiveMinimum` says of `minimum` that it is none of the values itself. */
function withLimits({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...schema }: JsonObject): JsonObject {
  return {
    ...schema,
    ...(minimum !== undefined && { [exclusiveMinimum === true ? 'exclusiveMinimum' : 'minimum']: minimum }),
    ...(maximum !== undefined && { [exclusiveMaximum === true ? 'exclusiveMaximum' : 'maximum']: maximum }),
  };
}
