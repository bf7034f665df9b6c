import { generateForm } from '@rjsf/mantine';
import {
  ErrorSchemaBuilder,
  type Experimental_DefaultFormStateBehavior,
  type RJSFSchema,
  TranslatableString,
  createSchemaUtils,
  englishStringTranslator,
} from '@rjsf/utils';
import { useMemo } from 'react';
import { plain } from '@/api/exact-json.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { edited } from '@/ui/form-edits.ts';
import { type JsonObject, isJsonObject, pathOf, sameJson } from '@/ui/json-values.ts';
import type { ValidationError } from '@/ui/validation-errors.ts';
import { formSchemaOf } from '@/ui/schema-dialects.ts';
import { type Beside, Choice, Input, NumberField, type Origin, TextWidget, YesNo } from '@/ui/schema-inputs.tsx';
import { Alternatives, Description, Field, Fields, OnlyAsJson, SaidByTheInput, Title } from '@/ui/schema-templates.tsx';
import validator from '@/ui/schema-validator.ts';

const Form = generateForm<JsonObject, RJSFSchema, Beside>();

const FILLED_IN: Experimental_DefaultFormStateBehavior = { emptyObjectFields: 'skipDefaults' };
const TEMPLATES = {
  FieldTemplate: Field,
  ObjectFieldTemplate: Fields,
  FieldErrorTemplate: SaidByTheInput,
  BaseInputTemplate: Input,
  DescriptionFieldTemplate: Description,
  MultiSchemaFieldTemplate: Alternatives,
  TitleFieldTemplate: Title,
  UnsupportedFieldTemplate: OnlyAsJson,
};
const WIDGETS = {
  CheckboxWidget: YesNo,
  SelectWidget: Choice,
  TextWidget,
  DateWidget: TextWidget,
  DateTimeWidget: TextWidget,
  TimeWidget: TextWidget,
  EmailWidget: TextWidget,
  URLWidget: TextWidget,
  PasswordWidget: TextWidget,
};
const FIELDS = { NumberField };
const NO_ORIGINS: Readonly<Record<string, Origin>> = {};
const ignored = () => undefined;

const translated =
  (m: Messages) =>
  (text: TranslatableString, given: string[] = []): string => {
    const known: Partial<Record<TranslatableString, string>> = {
      [TranslatableString.AddButton]: m.ui.add,
      [TranslatableString.AddItemButton]: m.ui.addItem,
      [TranslatableString.ArrayItemTitle]: m.ui.item,
      [TranslatableString.EmptyArray]: m.ui.noItems,
      [TranslatableString.YesLabel]: m.common.yes,
      [TranslatableString.NoLabel]: m.common.no,
      [TranslatableString.NewStringDefault]: m.ui.newValue,
      [TranslatableString.CopyButton]: m.common.copy,
      [TranslatableString.MoveDownButton]: m.ui.moveDown,
      [TranslatableString.MoveUpButton]: m.ui.moveUp,
      [TranslatableString.RemoveButton]: m.ui.remove,
      [TranslatableString.ClearButton]: m.common.clear,
      [TranslatableString.KeyLabel]: m.ui.keyOf(given[0] ?? ''),
      [TranslatableString.OptionPrefix]: m.ui.option(given[0] ?? ''),
    };
    return known[text] ?? englishStringTranslator(text, given);
  };

function placed(found: readonly ValidationError[]) {
  const builder = new ErrorSchemaBuilder<JsonObject>();
  for (const { pointer, message } of found) builder.addErrors(message, pathOf(pointer));
  return builder.ErrorSchema;
}

const DATA = new Set(['default', 'const', 'enum', 'examples']);

/** The schema with a type for each choice among constants: without one the form would show nothing there. */
function choicesTyped(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(choicesTyped);
  if (!isJsonObject(schema)) return schema;
  const typed = Object.fromEntries(
    Object.entries(schema).map(([key, inner]) => [key, DATA.has(key) ? inner : choicesTyped(inner)]),
  );
  const choices = schema['oneOf'] ?? schema['anyOf'];
  if (schema['type'] !== undefined || !Array.isArray(choices)) return typed;
  const constants = choices.map((one: unknown) => (isJsonObject(one) ? one['const'] : undefined));
  const [type] = constants.map((one) => typeof one);
  const isAlike = constants.every((one) => typeof one === type);
  return isAlike && (type === 'string' || type === 'number' || type === 'boolean') ? { ...typed, type } : typed;
}

/** A form for any JSON Schema. Heavy: `ConfigEditor` loads it when it is looked at. */
export default function SchemaForm({
  schema,
  value,
  onChange,
  onUnread = ignored,
  errors,
  origins = NO_ORIGINS,
  idPrefix = 'root',
}: {
  schema: JsonObject;
  value: JsonObject;
  /** Hears of what somebody changed, and of nothing that the form makes up by itself. */
  onChange: (value: JsonObject) => void;
  onUnread?: Beside['onUnread'] | undefined;
  errors: readonly ValidationError[];
  origins?: Readonly<Record<string, Origin>> | undefined;
  /** Tells the fields of two forms on one page apart. */
  idPrefix?: string;
}) {
  const m = useMessages();
  const translateString = useMemo(() => translated(m), [m]);
  const extraErrors = useMemo(() => placed(errors), [errors]);
  // Its title is the document's own; the form shows what is inside.
  const shown = useMemo((): RJSFSchema => {
    const counted: JsonObject = plain(schema);
    const said = choicesTyped(formSchemaOf(counted) ?? counted) as JsonObject;
    return Object.fromEntries(Object.entries(said).filter(([key]) => key !== '$schema' && key !== 'title'));
  }, [schema]);
  const formContext = useMemo(
    (): Beside => ({
      origins,
      from: new Set(Object.keys(origins).map((pointer) => [idPrefix, ...pathOf(pointer)].join('_'))),
      onUnread,
    }),
    [origins, onUnread, idPrefix],
  );
  const filledIn = useMemo((): unknown => {
    const utils = createSchemaUtils<JsonObject, RJSFSchema, Beside>(validator, shown, FILLED_IN);
    return utils.getDefaultFormState(shown, value);
  }, [shown, value]);
  return (
    <Form
      tagName="div"
      idPrefix={idPrefix}
      schema={shown}
      formData={value}
      formContext={formContext}
      validator={validator}
      templates={TEMPLATES}
      widgets={WIDGETS}
      fields={FIELDS}
      translateString={translateString}
      extraErrors={extraErrors}
      uiSchema={{ 'ui:submitButtonOptions': { norender: true } }}
      showErrorList={false}
      noHtml5Validate
      experimental_defaultFormStateBehavior={FILLED_IN}
      onChange={({ formData }) => {
        const next = edited(value, filledIn, formData ?? {});
        if (isJsonObject(next) && !sameJson(next, value)) onChange(next);
      }}
    />
  );
}
