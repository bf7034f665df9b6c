import {
  Autocomplete,
  ColorInput,
  Fieldset,
  Group,
  Input,
  SimpleGrid,
  Skeleton,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useMemo } from 'react';
import { limits, type ModuleDetails } from '@modplane/client';
import { getEventsOptions } from '@modplane/client/react-query';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';
import { type FormField, type FormValues, isSlug } from '@/registry/form-values.ts';
import { SchemaField } from '@/registry/schema-field.tsx';
import { choices } from '@/registry/selection.ts';
import { ConfigEditor } from '@/ui/config-editor.tsx';
import type { JsonObject } from '@/ui/json-values.ts';
import { lazyPart } from '@/ui/loaded-again.tsx';
import type { ValidationError } from '@/ui/validation-errors.ts';

const IconPicker = lazyPart(() => import('@/ui/icon-picker.tsx'));

const SWATCHES = [
  '#364fc7',
  '#1864ab',
  '#0b7285',
  '#087f5b',
  '#2b8a3e',
  '#5c940d',
  '#e67700',
  '#d9480f',
  '#c92a2a',
  '#a61e4d',
  '#862e9c',
  '#5f3dc4',
  '#495057',
];

export interface FieldsProps {
  readonly values: FormValues;
  readonly onChange: (change: Partial<FormValues>) => void;
  readonly wrong: Partial<Record<FormField, string>>;
  /** Null where the code is settled. */
  readonly onCode: ((code: string) => void) | null;
  readonly modules: readonly ModuleDetails[];
  readonly schema: JsonObject | null;
  readonly defaultErrors: readonly ValidationError[];
  readonly schemaErrors: readonly ValidationError[];
  /** Hears why the default config cannot be read at the moment. */
  readonly onUnread: (why: string | null) => void;
}

/** Every field of a module, grouped by what one thinks of together. */
export function ModuleFields(props: FieldsProps) {
  const { values, onChange, wrong, onCode, modules } = props;
  const m = useMessages();
  const categories = useMemo(() => choices(modules, (one) => one.category).map((one) => one.value), [modules]);
  const services = useMemo(() => choices(modules, (one) => one.service_name).map((one) => one.value), [modules]);
  const revived = useRevived(onCode !== null && wrong.module_id === undefined ? values.module_id : '');
  const category = (
    <Autocomplete
      label={m.modules.category}
      required
      maxLength={limits.ModuleToRegister.category}
      data={categories}
      limit={40}
      value={values.category}
      error={wrong.category}
      onChange={(chosen) => onChange({ category: chosen })}
    />
  );
  return (
    <Stack gap="xl">
      <Fieldset variant="unstyled" legend={m.modules.basics}>
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={m.modules.name}
              required
              maxLength={limits.ModuleToRegister.module_name}
              data-autofocus
              value={values.module_name}
              error={wrong.module_name}
              onChange={(event) => onChange({ module_name: event.currentTarget.value })}
            />
            {onCode === null && category}
            {onCode !== null && (
              <TextInput
                label={m.modules.code}
                required
                maxLength={limits.ModuleToRegister.module_id}
                spellCheck={false}
                description={revived === null ? m.modules.codeHint : undefined}
                inputWrapperOrder={['label', 'input', 'error', 'description']}
                value={values.module_id}
                error={wrong.module_id}
                onChange={(event) => onCode(event.currentTarget.value)}
                styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
              />
            )}
          </SimpleGrid>
          {revived !== null && (
            <Text fz="xs" role="status">
              {revived}
            </Text>
          )}
          <Textarea
            label={m.modules.description}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={limits.ModuleToRegister.description}
            value={values.description}
            error={wrong.description}
            onChange={(event) => onChange({ description: event.currentTarget.value })}
          />
          {onCode !== null && category}
        </Stack>
      </Fieldset>
      <Fieldset variant="unstyled" legend={m.modules.where}>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Autocomplete
            label={m.modules.service}
            required
            maxLength={limits.ModuleToRegister.service_name}
            data={services}
            limit={40}
            value={values.service_name}
            error={wrong.service_name}
            onChange={(service_name) => onChange({ service_name })}
          />
          <TextInput
            label={m.modules.endpoint}
            required
            maxLength={limits.ModuleToRegister.api_endpoint}
            placeholder="/api/v1/…"
            value={values.api_endpoint}
            error={wrong.api_endpoint}
            onChange={(event) => onChange({ api_endpoint: event.currentTarget.value })}
          />
          <TextInput
            label={m.modules.version}
            required
            maxLength={limits.ModuleToRegister.version}
            value={values.version}
            error={wrong.version}
            onChange={(event) => onChange({ version: event.currentTarget.value })}
          />
        </SimpleGrid>
      </Fieldset>
      <Fieldset variant="unstyled" legend={m.modules.looks}>
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Input.Wrapper label={m.modules.icon} labelElement="div">
              <Suspense fallback={<Skeleton height={36} />}>
                <IconPicker
                  value={values.icon}
                  name={values.module_name}
                  color={values.color}
                  onChange={(icon) => onChange({ icon })}
                />
              </Suspense>
            </Input.Wrapper>
            <ColorInput
              label={m.modules.color}
              format="hex"
              swatches={SWATCHES}
              swatchesPerRow={7}
              value={values.color}
              onChange={(color) => onChange({ color })}
              withEyeDropper={false}
            />
          </SimpleGrid>
          <TagsInput
            label={m.modules.permissions}
            description={m.modules.permissionsHint}
            value={[...values.permissions]}
            maxTags={200}
            onChange={(permissions) => onChange({ permissions })}
            splitChars={[',', ' ']}
          />
        </Stack>
      </Fieldset>
      <Configs {...props} />
      {onCode !== null && (
        <Switch
          label={m.modules.startActive}
          checked={values.is_active}
          onChange={(event) => onChange({ is_active: event.currentTarget.checked })}
        />
      )}
    </Stack>
  );
}

function Configs({ values, onChange, wrong, schema, defaultErrors, schemaErrors, onUnread }: FieldsProps) {
  const m = useMessages();
  return (
    <Fieldset variant="unstyled" legend={m.modules.configs}>
      <Stack gap="lg">
        <SchemaField
          value={values.config_schema}
          error={wrong.config_schema}
          errors={schemaErrors}
          onChange={(config_schema) => onChange({ config_schema })}
        />
        <Stack gap={4}>
          <Group justify="space-between">
            <Text fz="sm" fw={600}>
              {m.modules.defaults}
            </Text>
          </Group>
          <Text fz="xs" c="dimmed">
            {m.modules.defaultsHint}
          </Text>
          <ConfigEditor
            label={m.modules.defaults}
            value={values.default_config}
            schema={schema}
            errors={defaultErrors}
            partial
            onUnread={onUnread}
            onChange={(default_config) => onChange({ default_config })}
          />
        </Stack>
      </Stack>
    </Fieldset>
  );
}

/** Says that a code was somebody's before; null when it was not. */
function useRevived(code: string): string | null {
  const m = useMessages();
  const { language } = useLanguage();
  const [asked] = useDebouncedValue(code, 300);
  const { data } = useQuery({
    ...getEventsOptions({ query: { module_id: asked, type: ['tenant.module.deleted'], limit: 1 } }),
    enabled: isSlug(asked),
  });
  const deleted = asked === code ? data?.items[0] : undefined;
  if (deleted === undefined) return null;
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(deleted.occurred_at));
  return m.modules.codeDeleted(when);
}
