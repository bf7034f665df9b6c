import { Box, Input, Paper, SimpleGrid, Skeleton, Text } from '@mantine/core';
import { Suspense, useMemo, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { schemaOf } from '@/registry/form-values.ts';
import { ValidationErrors } from '@/ui/config-editor.tsx';
import { ErrorBoundary } from '@/ui/error-boundary.tsx';
import { type JsonObject, isJsonObject, shownJson } from '@/ui/json-values.ts';
import { lazyPart } from '@/ui/loaded-again.tsx';
import { type ValidationError, validationErrors } from '@/ui/validation-errors.ts';
import { formSchemaOf } from '@/ui/schema-dialects.ts';

const JsonEditor = lazyPart(() => import('@/ui/json-editor.tsx'));
const SchemaForm = lazyPart(() => import('@/ui/schema-form.tsx'));

/** A config schema as JSON, with the form it makes beside it. */
export function SchemaField({
  value,
  onChange,
  error,
  errors,
}: {
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
  errors: readonly ValidationError[];
}) {
  const m = useMessages();
  const schema = useMemo(() => schemaOf(value), [value]);
  return (
    <Input.Wrapper label={m.modules.schema} description={m.modules.schemaHint} error={error} labelElement="div">
      <SimpleGrid cols={{ base: 1, md: 2 }} mt={6} spacing="md">
        <Box style={{ minWidth: 0 }}>
          <Suspense fallback={<Skeleton height={180} />}>
            <JsonEditor label={m.modules.schema} value={value} onChange={onChange} minHeight="180px" />
          </Suspense>
          {errors.length > 0 && <ValidationErrors found={errors} />}
        </Box>
        <Paper p="sm" component="section" aria-label={m.modules.sample} style={{ minWidth: 0 }}>
          <Text fz="xs" c="dimmed" mb="xs">
            {m.modules.sample}
          </Text>
          {isJsonObject(schema) && hasForm(schema) ? (
            <ErrorBoundary key={shownJson(schema)} instead={<Text fz="xs">{m.ui.formFailed}</Text>}>
              <Sample schema={schema} />
            </ErrorBoundary>
          ) : (
            <Text fz="sm">{schema === undefined ? m.modules.schemaBroken : m.modules.sampleEmpty}</Text>
          )}
        </Paper>
      </SimpleGrid>
    </Input.Wrapper>
  );
}

function hasForm(schema: JsonObject): boolean {
  const said = formSchemaOf(schema);
  return said !== null && (isJsonObject(said['properties']) || '$ref' in said);
}

function Sample({ schema }: { schema: JsonObject }) {
  const m = useMessages();
  const [value, setValue] = useState<JsonObject>({});
  const found = useMemo(() => validationErrors(schema, value, m, true), [schema, value, m]);
  return (
    <Suspense fallback={<Skeleton height={120} />}>
      <SchemaForm schema={schema} value={value} onChange={setValue} errors={found} idPrefix="sample" />
    </Suspense>
  );
}
