import type { ModuleChanges, ModuleDetails, ModuleToRegister } from '@modplane/client';
import type { Messages } from '@/i18n/messages.tsx';
import { type JsonObject, parsedObject, sameJson, shownJson } from '@/ui/json-values.ts';

/** A module as the form has it. */
export interface FormValues {
  readonly module_id: string;
  readonly module_name: string;
  readonly description: string;
  readonly category: string;
  readonly service_name: string;
  readonly api_endpoint: string;
  readonly version: string;
  readonly icon: string;
  readonly color: string;
  readonly permissions: readonly string[];
  readonly default_config: JsonObject;
  /** The text as it is typed; empty: no schema. */
  readonly config_schema: string;
  readonly is_active: boolean;
}

export type FormField = keyof FormValues;

/** What an edit may change, in the order of the form. */
export const EDITED = [
  'module_name',
  'description',
  'category',
  'service_name',
  'api_endpoint',
  'version',
  'icon',
  'color',
  'permissions',
  'default_config',
  'config_schema',
] as const satisfies readonly FormField[];

export type EditedField = (typeof EDITED)[number];

export const BLANK: FormValues = {
  module_id: '',
  module_name: '',
  description: '',
  category: '',
  service_name: '',
  api_endpoint: '',
  version: '1.0.0',
  icon: '',
  color: '',
  permissions: [],
  default_config: {},
  config_schema: '',
  is_active: true,
};

const SLUG = /^[a-z][a-z0-9_]{1,62}$/;
const SHAPED = ['icon', 'color', 'permissions'];

export const isSlug = (text: string): boolean => SLUG.test(text);

/** A code made of a name: `Field Service` is `field_service`. */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 63);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const permissionsOf = (metadata: JsonObject): string[] => {
  const given = metadata['permissions'];
  return Array.isArray(given) ? given.filter((one): one is string => typeof one === 'string') : [];
};

/** What of a module's metadata has no field of its own. */
export const otherMetadata = (metadata: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !SHAPED.includes(key)));

export const valuesOf = (module: ModuleDetails): FormValues => ({
  module_id: module.module_id,
  module_name: module.module_name,
  description: module.description,
  category: module.category,
  service_name: module.service_name,
  api_endpoint: module.api_endpoint,
  version: module.version,
  icon: textOf(module.metadata['icon']),
  color: textOf(module.metadata['color']),
  permissions: permissionsOf(module.metadata),
  default_config: module.default_config,
  config_schema: module.config_schema === null ? '' : shownJson(module.config_schema),
  is_active: module.is_active,
});

/** The schema a text says; undefined while it says none that can be read. */
export const schemaOf = (text: string): JsonObject | null | undefined =>
  text.trim() === '' ? null : (parsedObject(text) ?? undefined);

const metadataOf = (values: FormValues, others: JsonObject) => ({
  ...others,
  ...(values.icon !== '' && { icon: values.icon }),
  ...(values.color !== '' && { color: values.color }),
  ...(values.permissions.length > 0 && { permissions: [...values.permissions] }),
});

export const registration = (values: FormValues): ModuleToRegister => ({
  module_id: values.module_id,
  module_name: values.module_name.trim(),
  description: values.description.trim(),
  category: values.category.trim(),
  service_name: values.service_name.trim(),
  api_endpoint: values.api_endpoint.trim(),
  version: values.version.trim(),
  metadata: metadataOf(values, {}),
  default_config: values.default_config,
  config_schema: schemaOf(values.config_schema) ?? null,
  is_active: values.is_active,
});

/** Whether two forms hold the same in a field; of a schema what it says, not how it is laid out. */
export function isSame(one: FormValues, other: FormValues, field: EditedField): boolean {
  if (field !== 'config_schema') return sameJson(one[field], other[field]);
  const [first, second] = [schemaOf(one.config_schema), schemaOf(other.config_schema)];
  return first === undefined || second === undefined
    ? one.config_schema === other.config_schema
    : sameJson(first, second);
}

/** What is to be sent so that a module becomes what the form says. */
export function changesOf(base: ModuleDetails, values: FormValues): ModuleChanges {
  const before = valuesOf(base);
  const changed = EDITED.filter((field) => !isSame(before, values, field));
  const has = (...fields: readonly EditedField[]) => fields.some((field) => changed.includes(field));
  return {
    ...(has('module_name') && { module_name: values.module_name.trim() }),
    ...(has('description') && { description: values.description.trim() }),
    ...(has('category') && { category: values.category.trim() }),
    ...(has('service_name') && { service_name: values.service_name.trim() }),
    ...(has('api_endpoint') && { api_endpoint: values.api_endpoint.trim() }),
    ...(has('version') && { version: values.version.trim() }),
    ...(has('icon', 'color', 'permissions') && { metadata: metadataOf(values, otherMetadata(base.metadata)) }),
    ...(has('default_config') && { default_config: values.default_config }),
    ...(has('config_schema') && { config_schema: schemaOf(values.config_schema) ?? null }),
  };
}

/** How the module was in the fields a change names: what undoes it. */
export const inverseOf = (base: ModuleDetails, changes: ModuleChanges): ModuleChanges =>
  Object.fromEntries(Object.entries(base).filter(([key]) => key in changes));

export interface Merged {
  /** What the form is to hold: the person's input, and theirs where the person had changed nothing. */
  readonly values: FormValues;
  readonly tookOver: readonly EditedField[];
  readonly bothChanged: readonly EditedField[];
}

/** Brings together what a person typed and what somebody saved meanwhile. */
export function merged(base: FormValues, theirs: FormValues, mine: FormValues): Merged {
  const changedByThem = EDITED.filter((field) => !isSame(base, theirs, field) && !isSame(mine, theirs, field));
  const tookOver = changedByThem.filter((field) => isSame(base, mine, field));
  const bothChanged = changedByThem.filter((field) => !isSame(base, mine, field));
  return {
    values: {
      ...mine,
      is_active: theirs.is_active,
      ...Object.fromEntries(tookOver.map((field) => [field, theirs[field]])),
    },
    tookOver,
    bothChanged,
  };
}

export const labelOf = (field: EditedField, m: Messages): string =>
  ({
    module_name: m.modules.name,
    description: m.modules.description,
    category: m.modules.category,
    service_name: m.modules.service,
    api_endpoint: m.modules.endpoint,
    version: m.modules.version,
    icon: m.modules.icon,
    color: m.modules.color,
    permissions: m.modules.permissions,
    default_config: m.modules.defaults,
    config_schema: m.modules.schema,
  })[field];

const REQUIRED = ['module_name', 'category', 'service_name', 'api_endpoint', 'version'] as const;

/** What is wrong with the form as it is, by field. `taken`: the name of the module that has the code. */
export function wrongIn(
  values: FormValues,
  taken: string | undefined,
  m: Messages,
): Partial<Record<FormField, string>> {
  const wrong: Partial<Record<FormField, string>> = {};
  for (const field of REQUIRED) if (values[field].trim() === '') wrong[field] = m.modules.isRequired;
  if (taken !== undefined) wrong.module_id = m.modules.codeTaken(taken);
  else if (!isSlug(values.module_id)) wrong.module_id = m.modules.codeWrong;
  if (schemaOf(values.config_schema) === undefined) wrong.config_schema = m.modules.schemaBroken;
  return wrong;
}
