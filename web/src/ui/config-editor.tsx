import { Alert, Group, List, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { Suspense, useId, useMemo, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { Guarded } from '@/ui/guarded.tsx';
import { type JsonObject, isJsonObject, parsedObject, pathOf, sameJson, shownJson } from '@/ui/json-values.ts';
import { lazyPart } from '@/ui/loaded-again.tsx';
import { type Misfit, misfits } from '@/ui/misfits.ts';
import type { Origin } from '@/ui/schema-form.tsx';

const SchemaForm = lazyPart(() => import('@/ui/schema-form.tsx'));
const JsonEditor = lazyPart(() => import('@/ui/json-editor.tsx'));

interface ConfigEditorProps {
  readonly value: JsonObject;
  /** Hears only of objects; `isReadable` false: the JSON text is none at the moment, and the last value stands. */
  readonly onChange?: (value: JsonObject, isReadable: boolean) => void;
  readonly schema: JsonObject | null;
  /** Names the editor for screen readers. */
  readonly label: string;
  /** What the server said is wrong, by JSON pointer into the value. */
  readonly errors?: readonly Misfit[];
  /** Others may add what is missing: then a required key may be left out. */
  readonly partial?: boolean;
  /** By JSON pointer. */
  readonly origins?: Readonly<Record<string, Origin>>;
  readonly readOnly?: boolean;
}

const NONE: readonly Misfit[] = [];

/** A config as a form and as JSON, on one value. Without a schema the form is of the keys that are there. */
export function ConfigEditor({
  value,
  onChange,
  schema,
  label,
  errors = NONE,
  partial = false,
  origins,
  readOnly = false,
}: ConfigEditorProps) {
  const m = useMessages();
  const formSchema = useMemo(() => schema ?? inferred(value), [schema, value]);
  const hasForm = Object.keys(formSchema['properties'] ?? {}).length > 0 || schema !== null;
  const [mode, setMode] = useState<'form' | 'json'>(hasForm ? 'form' : 'json');
  const [text, setText] = useState(() => shownJson(value));
  const [known, setKnown] = useState(value);
  const hint = useId();
  const parsed = parsedObject(text);
  if (value !== known) {
    // Changed from outside, or by the form: the text follows, unless it says the same in its own way.
    setKnown(value);
    if (parsed === null || !sameJson(parsed, value)) setText(shownJson(value));
  }
  const found = useMemo(() => {
    const own = schema === null ? [] : misfits(schema, value, m, partial);
    return [...own, ...errors.filter((told) => !own.some((one) => one.pointer === told.pointer))];
  }, [schema, value, errors, partial, m]);
  const isReadable = parsed !== null;
  const listed = mode === 'json' ? found : found.filter((one) => !hasField(formSchema, one.pointer));
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          transitionDuration={0}
          aria-label={m.ui.editAs}
          value={mode}
          onChange={(chosen) => setMode(chosen === 'form' ? 'form' : 'json')}
          data={[
            { value: 'form', label: m.ui.form, disabled: !isReadable },
            { value: 'json', label: 'JSON' },
          ]}
        />
        {schema === null && (
          <Text fz="xs" c="dimmed">
            {m.ui.noSchema}
          </Text>
        )}
      </Group>
      <Suspense fallback={<Skeleton height={160} radius="sm" />}>
        {mode === 'form' ? (
          hasForm ? (
            <Guarded key={shownJson(formSchema)} instead={<Alert color="yellow">{m.ui.formFailed}</Alert>}>
              <SchemaForm
                schema={formSchema}
                value={value}
                errors={found}
                origins={origins}
                readOnly={readOnly}
                onChange={(next) => {
                  if (!sameJson(next, value)) onChange?.(next, true);
                }}
              />
            </Guarded>
          ) : (
            <Text fz="sm" c="dimmed">
              {m.ui.noKeys}
            </Text>
          )
        ) : (
          <JsonEditor
            label={label}
            value={text}
            readOnly={readOnly}
            onChange={(typed) => {
              setText(typed);
              const next = parsedObject(typed);
              if (next === null || !isReadable || !sameJson(next, value)) onChange?.(next ?? value, next !== null);
            }}
          />
        )}
      </Suspense>
      {!isReadable && (
        <Text fz="xs" c="var(--mantine-color-error)" id={hint} role="alert">
          {m.ui.notJson}
        </Text>
      )}
      {isReadable && listed.length > 0 && <Misfits found={listed} />}
    </Stack>
  );
}

/** What is wrong with a value, line by line. */
export function Misfits({ found }: { found: readonly Misfit[] }) {
  const m = useMessages();
  return (
    <Alert color="red" title={m.ui.misfits(found.length)} p="xs">
      <List fz="xs" spacing={2}>
        {found.map((one) => (
          <List.Item key={`${one.pointer} ${one.message}`}>
            <Text span ff="monospace" fz="xs" fw={600}>
              {one.pointer || '/'}
            </Text>{' '}
            {one.message}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** A schema that only describes what a value already holds. */
function inferred(value: JsonObject): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, { title: key, ...typed(inner) }])),
  };
}

function typed(value: unknown): JsonObject {
  if (isJsonObject(value)) return inferred(value);
  if (Array.isArray(value)) return { type: 'array', items: value.length > 0 ? typed(value[0]) : { type: 'string' } };
  if (typeof value === 'number' || typeof value === 'boolean') return { type: typeof value };
  return { type: 'string' };
}

/** Whether a form shows a field at this place, which then says what is wrong with it. */
function hasField(schema: JsonObject, pointer: string): boolean {
  let at: unknown = schema;
  for (const step of pathOf(pointer)) {
    if (!isJsonObject(at)) return false;
    const properties = at['properties'];
    at = isJsonObject(properties) && step in properties ? properties[step] : /^\d+$/.test(step) ? at['items'] : null;
  }
  // Of objects and lists a form shows the parts, and no message of their own.
  return isJsonObject(at) && !('properties' in at) && !('items' in at);
}
