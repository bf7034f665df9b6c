import { Group, MultiSelect, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import {
  type BaseInputTemplateProps,
  type EnumOptionsType,
  type FieldProps,
  type RJSFSchema,
  type WidgetProps,
  examplesId,
  getSchemaType,
} from '@rjsf/utils';
import { type ReactNode, useCallback } from 'react';
import { jsonText, plain } from '@/api/exact-json.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { type JsonObject, isJsonObject, sameJson } from '@/ui/json-values.ts';
import { NumberInput } from '@/ui/number-input.tsx';

/** Where the value at a place comes from, and how to let go of one's own there. */
export interface Origin {
  readonly label: ReactNode;
  readonly onReset?: (() => void) | undefined;
  /** Whether there is a value below that comes out then. */
  readonly hasDefault?: boolean;
}

/** What the fields of a form know beside their own part of the schema. */
export interface Beside {
  /** By JSON pointer. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** The fields whose value is from somewhere, by their ids. */
  readonly from: ReadonlySet<string>;
  /** Whether what is typed at a field, named by its id, can not be read. */
  readonly onUnread: (id: string, isUnread: boolean) => void;
}

type Widget = WidgetProps<JsonObject, RJSFSchema, Beside>;

const shownValue = (value: unknown, m: Messages): string =>
  typeof value === 'boolean'
    ? value
      ? m.common.yes
      : m.common.no
    : typeof value === 'string'
      ? value
      : jsonText(value);

const defaultHint = (schema: RJSFSchema, m: Messages): string | undefined => {
  const given = schema.default ?? schema.const;
  return given === undefined || given === null ? undefined : m.ui.defaultOf(shownValue(given, m));
};

/** Which values a schema takes, in words, where it says. */
export function rangeOf(schema: RJSFSchema, m: Messages): string | null {
  const { minimum, maximum, exclusiveMinimum: over, exclusiveMaximum: under, multipleOf } = schema;
  const parts = [
    minimum !== undefined && maximum !== undefined
      ? m.ui.range(String(minimum), String(maximum))
      : minimum !== undefined
        ? m.ui.rangeFrom(String(minimum))
        : maximum !== undefined && m.ui.rangeTo(String(maximum)),
    typeof over === 'number' && m.ui.rangeOver(String(over)),
    typeof under === 'number' && m.ui.rangeUnder(String(under)),
    typeof multipleOf === 'number' && multipleOf !== 1 && m.ui.steps(String(multipleOf)),
  ].filter((part) => part !== false);
  return parts.length === 0 ? null : parts.join(', ');
}

/** What a field says below its label: what it is for, and what it takes. */
function about(schema: RJSFSchema, m: Messages) {
  const range = rangeOf(schema, m);
  const parts = [schema.description, range].filter((part) => part != null && part !== '');
  return parts.length === 0 ? undefined : parts.join(' · ');
}

function common(
  { id, label, hideLabel, required, disabled, readonly, rawErrors }: Widget,
  m: Messages,
  schema: RJSFSchema,
) {
  return {
    id,
    ...(hideLabel === true ? { 'aria-label': label } : { label }),
    required: required === true,
    disabled: disabled === true || readonly === true,
    description: hideLabel === true ? rangeOf(schema, m) : about(schema, m),
    error: rawErrors !== undefined && rawErrors.length > 0 ? rawErrors.join('\n') : undefined,
  };
}

/** Of numbers and texts. A text that is emptied is an empty text; that it is not set is said beside it. */
export function Input(props: BaseInputTemplateProps<JsonObject, RJSFSchema, Beside>) {
  const { id, schema, onChange, onBlur, onFocus, autofocus, registry } = props;
  const value: unknown = props.value;
  const m = useMessages();
  const { onUnread } = registry.formContext;
  const told = useCallback((isUnread: boolean) => onUnread(id, isUnread), [onUnread, id]);
  const type = getSchemaType(schema);
  const shared = {
    ...common(props, m, schema),
    name: props.htmlName ?? id,
    autoFocus: autofocus === true,
    placeholder: defaultHint(schema, m) ?? EXAMPLES[schema.format ?? ''] ?? props.placeholder ?? '',
    onBlur: () => onBlur(id, value),
    onFocus: () => onFocus(id, value),
  };
  if (type === 'number' || type === 'integer') {
    const least = schema.minimum ?? schema.exclusiveMinimum;
    return (
      <NumberInput
        {...shared}
        value={value}
        inputMode={typeof least === 'number' && least >= 0 ? 'decimal' : 'text'}
        onChange={onChange}
        onUnread={told}
      />
    );
  }
  const examples = Array.isArray(schema.examples) ? schema.examples.filter((one) => typeof one === 'string') : [];
  return (
    <>
      <TextInput
        {...shared}
        type={schema.format === 'password' ? 'password' : 'text'}
        value={typeof value === 'string' ? value : value == null ? '' : jsonText(value)}
        list={examples.length > 0 ? examplesId(id) : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {examples.length > 0 && (
        <datalist id={examplesId(id)}>
          {examples.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

/** Dates are typed as they are stored: a picker would drop seconds and offsets that nobody touched. */
const EXAMPLES: Readonly<Record<string, string>> = {
  date: '2026-12-31',
  time: '23:59:00Z',
  'date-time': '2026-12-31T23:59:00Z',
};

export function TextWidget(props: Widget) {
  const { BaseInputTemplate } = props.registry.templates;
  return <BaseInputTemplate {...props} />;
}

/** The widgets make numbers themselves; what they cannot read they keep. */
export function NumberField(props: FieldProps<JsonObject, RJSFSchema, Beside>) {
  const { StringField } = props.registry.fields;
  return StringField === undefined ? null : <StringField {...props} />;
}

const NOT_SET = '';

/** Yes, no, or not set, which is another thing than no. */
export function YesNo(props: Widget) {
  const { schema, required, onChange, options, registry, id } = props;
  const value: unknown = props.value;
  const m = useMessages();
  const choices = options.enumOptions ?? [];
  const chosen = choices.findIndex((one) => sameJson(one.value, value ?? null));
  const given = schema.default;
  const canBeUnset = chosen < 0 || (required !== true && !registry.formContext.from.has(id));
  return (
    <Radio.Group
      {...common(props, m, schema)}
      name={id}
      withAsterisk={required === true}
      value={chosen < 0 ? NOT_SET : String(chosen)}
      onChange={(next) => onChange(next === NOT_SET ? undefined : (choices[Number(next)]?.value as unknown))}
    >
      <Group gap="md" mt={6}>
        {choices.map((one, place) => (
          <Radio key={String(one.value)} value={String(place)} label={one.label} description={descriptionOf(one)} />
        ))}
        {canBeUnset && (
          <Radio
            value={NOT_SET}
            label={typeof given === 'boolean' ? m.ui.notSetDefault(shownValue(given, m)) : m.ui.notSet}
          />
        )}
      </Group>
    </Radio.Group>
  );
}

const descriptionOf = ({ schema }: EnumOptionsType): string | undefined =>
  isJsonObject(schema) && typeof schema['description'] === 'string' ? schema['description'] : undefined;

/** One of several, or several of them, each with what it means. */
export function Choice(props: Widget) {
  const { id, schema, required, onChange, options, multiple, name, registry } = props;
  const value: unknown = props.value;
  const m = useMessages();
  const choices = options.enumOptions ?? [];
  const data = choices.map((one, place) => ({ value: String(place), label: one.label }));
  const placeOf = (one: unknown) => choices.findIndex((choice) => sameJson(choice.value, plain(one ?? null)));
  const valueOf = (place: string) => choices[Number(place)]?.value as unknown;
  const shared = {
    ...common(props, m, schema),
    data,
    searchable: choices.length > SEARCHED_FROM,
    placeholder: defaultHint(schema, m) ?? '',
    comboboxProps: { withinPortal: false },
    renderOption: ({ option }: { option: { value: string; label: string } }) => {
      const meaning = descriptionOf(choices[Number(option.value)] ?? { label: '', value: null });
      return (
        <Stack gap={0}>
          <Text fz="sm">{option.label}</Text>
          {meaning !== undefined && (
            <Text fz="xs" c="dimmed">
              {meaning}
            </Text>
          )}
        </Stack>
      );
    },
  };
  if (multiple === true) {
    const chosen = (Array.isArray(value) ? (value as unknown[]) : []).map(placeOf).filter((place) => place >= 0);
    return <MultiSelect {...shared} value={chosen.map(String)} onChange={(next) => onChange(next.map(valueOf))} />;
  }
  const isAlternative = /__(one|any)of_select$/.test(name);
  const place = value === undefined ? -1 : placeOf(value);
  const meaning = place < 0 ? undefined : descriptionOf(choices[place] ?? { label: '', value: null });
  const canBeUnset = !isAlternative && required !== true && !registry.formContext.from.has(id);
  return (
    <>
      <Select
        {...shared}
        value={place < 0 ? null : String(place)}
        clearable={canBeUnset}
        allowDeselect={canBeUnset}
        clearButtonProps={{ 'aria-label': `${m.common.clear}: ${props.label}` }}
        onChange={(next) => onChange(next === null ? undefined : valueOf(next))}
      />
      {meaning !== undefined && (
        <Text fz="xs" c="dimmed" mt={4}>
          {meaning}
        </Text>
      )}
    </>
  );
}

const SEARCHED_FROM = 8;
