import { Anchor, Box, Fieldset, Group, Stack, Text } from '@mantine/core';
import {
  type DescriptionFieldProps,
  type FieldTemplateProps,
  type MultiSchemaFieldTemplateProps,
  type ObjectFieldTemplateProps,
  type RJSFSchema,
  type TitleFieldProps,
  type UnsupportedFieldProps,
  buttonId,
  canExpand,
} from '@rjsf/utils';
import type { ReactNode } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { type JsonObject, pointerTo } from '@/ui/json-values.ts';
import type { Beside } from '@/ui/schema-inputs.tsx';

/** What something is for, in the size of help wherever it stands. */
export function Help({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <Text id={id} fz="xs" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
      {children}
    </Text>
  );
}

export const Description = ({ id, description }: DescriptionFieldProps<JsonObject, RJSFSchema, Beside>) =>
  description === '' ? null : <Help id={id}>{description}</Help>;

/** The name of a list, in the size of every other label. */
export const Title = ({ id, title, required }: TitleFieldProps<JsonObject, RJSFSchema, Beside>) => (
  <Text span id={id} fz="sm" fw={500}>
    {title}
    {required === true && ' *'}
  </Text>
);

/** What a form has no field for. */
export function OnlyAsJson({ schema, fieldPathId }: UnsupportedFieldProps<JsonObject, RJSFSchema, Beside>) {
  const m = useMessages();
  return (
    <div>
      <Text fz="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
        {schema.title ?? fieldPathId.path.at(-1)}
      </Text>
      <Help>{m.ui.onlyAsJson}</Help>
    </div>
  );
}

/** A field, where its value is from, and what lets go of it. */
export function Field(props: FieldTemplateProps<JsonObject, RJSFSchema, Beside>) {
  const { registry, children, errors, help, hidden, label, id, schema, uiSchema, required } = props;
  const m = useMessages();
  const { WrapIfAdditionalTemplate } = registry.templates;
  if (hidden) return <Box display="none">{children}</Box>;
  const { path } = props.fieldPathId;
  const origin = registry.formContext.origins[pointerTo(path)];
  const isEmptyText = (props.formData as unknown) === '';
  const isItem = typeof path.at(-1) === 'number';
  const letGo =
    origin?.onReset !== undefined
      ? { name: origin.hasDefault === false ? m.ui.leaveOut : m.ui.useDefault, run: origin.onReset }
      : origin === undefined && isEmptyText && !isItem && required !== true
        ? { name: m.ui.leaveOut, run: () => props.onChange(undefined, path) }
        : null;
  return (
    <WrapIfAdditionalTemplate {...props} id={id} label={label} schema={schema} uiSchema={uiSchema ?? {}}>
      {children}
      {errors}
      {help}
      {(origin !== undefined || letGo !== null) && (
        <Group gap={8} mt={4}>
          <Text span fz="xs" c="dimmed">
            {isEmptyText && `${m.ui.emptyText}${origin === undefined ? '' : ' · '}`}
            {origin?.label}
          </Text>
          {letGo !== null && (
            <Anchor
              component="button"
              type="button"
              fz="xs"
              onClick={letGo.run}
              aria-label={m.ui.actionOn(letGo.name, label)}
            >
              {letGo.name}
            </Anchor>
          )}
        </Group>
      )}
    </WrapIfAdditionalTemplate>
  );
}

/** An input shows its own errors; said twice, they would be read twice. */
export const SaidByTheInput = () => null;

export function Fields({
  title,
  description,
  properties,
  schema,
  uiSchema,
  fieldPathId,
  ...rest
}: ObjectFieldTemplateProps<JsonObject, RJSFSchema, Beside>) {
  const { AddButton } = rest.registry.templates.ButtonTemplates;
  const isWhole = fieldPathId.path.length === 0;
  const content = (
    <Stack gap="md">
      {description !== undefined && description !== '' && <Help>{description}</Help>}
      {properties
        .filter((one) => !one.hidden)
        .map((one) => (
          <Box key={one.name}>{one.content}</Box>
        ))}
      {canExpand<JsonObject, RJSFSchema, Beside>(schema, uiSchema, rest.formData) && (
        <Group justify="flex-start">
          <AddButton
            id={buttonId(fieldPathId, 'add')}
            disabled={rest.disabled === true || rest.readonly === true}
            onClick={rest.onAddProperty}
            uiSchema={uiSchema ?? {}}
            registry={rest.registry}
          />
        </Group>
      )}
    </Stack>
  );
  if (isWhole) return content;
  return (
    <Fieldset legend={title} id={fieldPathId.$id} p="md">
      {content}
    </Fieldset>
  );
}

/** One of several kinds of value: what it is for, which kind, and its fields. */
export function Alternatives({
  schema,
  selector,
  optionSchemaField,
}: MultiSchemaFieldTemplateProps<JsonObject, RJSFSchema, Beside>) {
  return (
    <Stack gap="xs">
      {schema.description !== undefined && schema.type !== 'object' && <Help>{schema.description}</Help>}
      {selector}
      {optionSchemaField}
    </Stack>
  );
}
