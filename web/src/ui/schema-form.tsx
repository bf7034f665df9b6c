import { Anchor, Box, Fieldset, Group, Stack, Text } from '@mantine/core';
import { generateForm, generateTemplates } from '@rjsf/mantine';
import {
  type BaseInputTemplateProps,
  ErrorSchemaBuilder,
  type FieldTemplateProps,
  type ObjectFieldTemplateProps,
  type RJSFSchema,
  TranslatableString,
  buttonId,
  canExpand,
  englishStringTranslator,
} from '@rjsf/utils';
import { type ReactNode, useMemo } from 'react';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { type JsonObject, isJsonObject, pathOf, pointerTo } from '@/ui/json-values.ts';
import type { Misfit } from '@/ui/misfits.ts';
import { formSchemaOf } from '@/ui/schema-dialects.ts';
import validator from '@/ui/schema-validator.ts';

/** Where the value at a place comes from, and how to let go of one's own there. */
export interface Origin {
  readonly label: ReactNode;
  readonly onReset?: () => void;
}

interface Beside {
  readonly origins: Readonly<Record<string, Origin>>;
}

type Field = FieldTemplateProps<JsonObject, RJSFSchema, Beside>;

const Form = generateForm<JsonObject, RJSFSchema, Beside>();
const { BaseInputTemplate: MantineInput = () => null } = generateTemplates<JsonObject, RJSFSchema, Beside>();

/** A value that is not there is an empty input, which stays controlled. */
const Input = (props: BaseInputTemplateProps<JsonObject, RJSFSchema, Beside>) => (
  <MantineInput {...props} value={(props.value as unknown) ?? ''} />
);

function FieldWithOrigin(props: Field) {
  const { registry, children, errors, help, hidden, label, id, schema, uiSchema } = props;
  const m = useMessages();
  const { WrapIfAdditionalTemplate } = registry.templates;
  if (hidden) return <Box display="none">{children}</Box>;
  const origin = registry.formContext.origins[pointerTo(props.fieldPathId.path)];
  return (
    <WrapIfAdditionalTemplate {...props} id={id} label={label} schema={schema} uiSchema={uiSchema ?? {}}>
      {children}
      {errors}
      {help}
      {origin && (
        <Group gap={8} mt={4}>
          <Text span fz="xs" c="dimmed">
            {origin.label}
          </Text>
          {origin.onReset && (
            <Anchor component="button" type="button" fz="xs" onClick={origin.onReset} aria-label={m.ui.resetOf(label)}>
              {m.ui.reset}
            </Anchor>
          )}
        </Group>
      )}
    </WrapIfAdditionalTemplate>
  );
}

/** An input shows its own errors; said twice, they would be read twice. */
const SaidByTheInput = () => null;

function Fields({
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
      {description !== undefined && description !== '' && (
        <Text fz="xs" c="dimmed" component="div">
          {description}
        </Text>
      )}
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

function placed(found: readonly Misfit[]) {
  const builder = new ErrorSchemaBuilder<JsonObject>();
  for (const { pointer, message } of found) builder.addErrors(message, pathOf(pointer));
  return builder.ErrorSchema;
}

/** A form for any JSON Schema. Heavy: `ConfigEditor` loads it when it is looked at. */
export default function SchemaForm({
  schema,
  value,
  onChange,
  errors,
  origins = {},
  readOnly = false,
  idPrefix = 'root',
}: {
  schema: JsonObject;
  value: JsonObject;
  onChange?: ((value: JsonObject) => void) | undefined;
  errors: readonly Misfit[];
  origins?: Readonly<Record<string, Origin>> | undefined;
  readOnly?: boolean | undefined;
  /** Tells the fields of two forms on one page apart. */
  idPrefix?: string;
}) {
  const m = useMessages();
  const translateString = useMemo(() => translated(m), [m]);
  const extraErrors = useMemo(() => placed(errors), [errors]);
  // Its title is the document's own; the form shows what is inside.
  const shown = useMemo(
    (): RJSFSchema =>
      Object.fromEntries(Object.entries(formSchemaOf(schema) ?? schema).filter(([key]) => key !== 'title')),
    [schema],
  );
  return (
    <Form
      tagName="div"
      idPrefix={idPrefix}
      schema={shown}
      formData={value}
      formContext={{ origins }}
      validator={validator}
      templates={{
        FieldTemplate: FieldWithOrigin,
        ObjectFieldTemplate: Fields,
        FieldErrorTemplate: SaidByTheInput,
        BaseInputTemplate: Input,
      }}
      translateString={translateString}
      extraErrors={extraErrors}
      readonly={readOnly}
      uiSchema={{ 'ui:submitButtonOptions': { norender: true } }}
      showErrorList={false}
      noHtml5Validate
      experimental_defaultFormStateBehavior={{ emptyObjectFields: 'skipDefaults' }}
      onChange={({ formData }) => {
        // A field that is emptied is left out.
        const kept: unknown = JSON.parse(JSON.stringify(formData ?? {}));
        if (isJsonObject(kept)) onChange?.(kept);
      }}
    />
  );
}
