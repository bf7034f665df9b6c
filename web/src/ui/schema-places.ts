import { type JsonObject, isJsonObject, pathOf } from '@/ui/json-values.ts';

export const ORDER = ['draft-04', 'draft-06', 'draft-07', 'draft/2019-09', 'draft/2020-12'];
export const [DRAFT_04, DRAFT_06, DRAFT_07, OF_2019, OF_2020] = [0, 1, 2, 3, 4] as const;

export const ONE = [
  'not',
  'if',
  'then',
  'else',
  'additionalProperties',
  'items',
  'additionalItems',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
];
export const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
export const MAPS = ['properties', 'patternProperties', 'dependentSchemas', 'dependencies'];
export const DEFINITIONS = ['$defs', 'definitions'];
export const REFERENCES = ['$ref', '$recursiveRef', '$dynamicRef'];
const UNNAMED = 'https://unnamed.invalid/';

/** A schema says what only the service understands. */
export class Unsayable extends Error {}

/** Where the names in a schema lead. */
export class Places {
  private readonly bases = new Map<JsonObject, string>();
  private readonly named = new Map<string, JsonObject>();

  constructor(
    root: JsonObject,
    private readonly dialect: number,
  ) {
    this.named.set(UNNAMED, root);
    this.note(root, UNNAMED);
  }

  target(reference: string, from: JsonObject): unknown {
    const [place = '', ...rest] = reference.split('#');
    const base = this.bases.get(from) ?? UNNAMED;
    const resource = place === '' ? base : joined(place, base);
    const fragment = decoded(rest.join('#'));
    if (fragment !== '' && !fragment.startsWith('/')) return this.known(`${resource}#${fragment}`);
    let target: unknown = this.known(resource);
    let inside = resource;
    for (const step of pathOf(fragment)) {
      target = Array.isArray(target)
        ? (target[Number(step)] as unknown)
        : isJsonObject(target) && Object.hasOwn(target, step)
          ? target[step]
          : undefined;
      inside = (isJsonObject(target) && this.bases.get(target)) || inside;
    }
    if (typeof target !== 'boolean' && !isJsonObject(target)) throw new Unsayable();
    this.note(target, inside);
    return target;
  }

  private known(name: string): JsonObject {
    const found = this.named.get(name);
    if (found === undefined) throw new Unsayable();
    return found;
  }

  private note(schema: unknown, outer: string) {
    if (!isJsonObject(schema) || this.bases.has(schema)) return;
    const overlooks = this.dialect <= DRAFT_07 && typeof schema['$ref'] === 'string';
    const base = overlooks && outer !== UNNAMED ? outer : this.name(schema, outer);
    this.bases.set(schema, base);
    const note = (inner: unknown) => {
      this.note(inner, base);
    };
    for (const keyword of overlooks ? [] : ONE) note(schema[keyword]);
    for (const keyword of overlooks ? [] : LISTS) if (Array.isArray(schema[keyword])) schema[keyword].forEach(note);
    for (const keyword of overlooks ? DEFINITIONS : [...MAPS, ...DEFINITIONS])
      if (isJsonObject(schema[keyword])) Object.values(schema[keyword]).forEach(note);
  }

  private name(schema: JsonObject, outer: string): string {
    const id = schema[this.dialect === DRAFT_04 ? 'id' : '$id'];
    const [place = '', fragment = ''] = typeof id === 'string' ? id.split('#') : [];
    const base = place === '' ? outer : joined(place, outer);
    const known = (name: string) => {
      if (!this.named.has(name)) this.named.set(name, schema);
    };
    if (place !== '') known(base);
    if (fragment !== '' && !fragment.startsWith('/')) known(`${base}#${decoded(fragment)}`);
    for (const keyword of this.dialect >= OF_2019 ? ['$anchor', '$dynamicAnchor'] : [])
      if (typeof schema[keyword] === 'string') known(`${base}#${schema[keyword]}`);
    return base;
  }
}

function joined(place: string, base: string): string {
  try {
    return new URL(place, base).href;
  } catch {
    throw new Unsayable();
  }
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
