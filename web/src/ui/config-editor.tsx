import { Alert, Group, List, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { isNumeric, plain } from '@/api/exact-json.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { ErrorBoundary } from '@/ui/error-boundary.tsx';
import {
  type JsonFault,
  type JsonObject,
  isJsonObject,
  pathOf,
  readJson,
  sameJson,
  shownJson,
} from '@/ui/json-values.ts';
import { lazyPart } from '@/ui/loaded-again.tsx';
import { type ValidationError, validationErrors } from '@/ui/validation-errors.ts';
import { followed, formSchemaOf } from '@/ui/schema-dialects.ts';
import type { Origin } from '@/ui/schema-inputs.tsx';

const SchemaForm = lazyPart(() => import('@/ui/schema-form.tsx'));
const JsonEditor = lazyPart(() => import('@/ui/json-editor.tsx'));

interface ConfigEditorProps {
  readonly value: JsonObject;
  /** Hears of each value that can be read, and that is another one. */
  readonly onChange: (value: JsonObject) => void;
  /** Hears why what is on screen is no value at the moment, in words; the last one stands. Null: it is one again. */
  readonly onUnread?: ((why: string | null) => void) | undefined;
  readonly schema: JsonObject | null;
  /** Names the editor for screen readers. */
  readonly label: string;
  /** What the server said is wrong, by JSON pointer into the value. */
  readonly errors?: readonly ValidationError[];
  /** What cannot be saved, by JSON pointer: said before all else. */
  readonly impossible?: readonly ValidationError[];
  /** Others may add what is missing: then a required key may be left out. */
  readonly partial?: boolean;
  /** By JSON pointer. */
  readonly origins?: Readonly<Record<string, Origin>>;
}

const NONE: readonly ValidationError[] = [];
const NOWHERE: ReadonlySet<string> = new Set();

/** What of a config does not fit its schema, as far as it can be told here. */
export const configErrors = (
  schema: JsonObject | null,
  value: JsonObject,
  m: Messages,
  partial = false,
): readonly ValidationError[] => (schema === null ? NONE : validationErrors(plain(schema), plain(value), m, partial));

/** A config as a form and as JSON, on one value. Without a schema the form is of the keys that are there. */
export function ConfigEditor({
  value,
  onChange,
  onUnread,
  schema,
  label,
  errors = NONE,
  impossible = NONE,
  partial = false,
  origins,
}: ConfigEditorProps) {
  const m = useMessages();
  const [shape, setShape] = useState(() => inferred(value, null));
  const formSchema = schema ?? shape;
  const hasForm = Object.keys(formSchema['properties'] ?? {}).length > 0 || schema !== null;
  const [mode, setMode] = useState<'form' | 'json'>(hasForm ? 'form' : 'json');
  const [text, setText] = useState(() => shownJson(value));
  const [known, setKnown] = useState(value);
  const [unreadFields, setUnreadFields] = useState(NOWHERE);
  const read = useMemo(() => readJson(text), [text]);
  if (value !== known) {
    setKnown(value);
    // Another value, by the form or from outside: the text follows, unless it says the same in its own way. The same
    // value in another object is no news, least of all to somebody who is typing.
    if (!sameJson(value, known)) {
      setShape(inferred(value, shape));
      if (read.value === null || !sameJson(read.value, value)) setText(shownJson(value));
    }
  }
  const fieldUnread = useCallback((id: string, isUnread: boolean) => {
    setUnreadFields((before) => {
      if (before.has(id) === isUnread) return before;
      const next = new Set(before);
      if (isUnread) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);
  const [unread] = unreadFields;
  const why =
    read.fault !== null
      ? faultIn(read.fault, m)
      : unread !== undefined
        ? m.ui.numberUnread(unread.replace(/^[^_]*_/, '').replaceAll('_', ' '))
        : null;
  useEffect(() => {
    onUnread?.(why);
  }, [why, onUnread]);
  useEffect(() => () => onUnread?.(null), [onUnread]);
  const found = useMemo(() => {
    const known: ValidationError[] = [...impossible];
    for (const more of [configErrors(schema, value, m, partial), errors]) {
      const taken = new Set(known.map(({ pointer }) => pointer));
      known.push(...more.filter(({ pointer }) => !taken.has(pointer)));
    }
    return known;
  }, [schema, value, errors, impossible, partial, m]);
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
            { value: 'form', label: m.ui.form, disabled: mode === 'json' && read.fault !== null },
            { value: 'json', label: 'JSON', disabled: mode === 'form' && unread !== undefined },
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
            <ErrorBoundary key={shownJson(formSchema)} instead={<Alert color="yellow">{m.ui.formFailed}</Alert>}>
              <SchemaForm
                schema={formSchema}
                value={value}
                errors={found}
                origins={origins}
                onChange={onChange}
                onUnread={fieldUnread}
              />
            </ErrorBoundary>
          ) : (
            <Text fz="sm" c="dimmed">
              {m.ui.noKeys}
            </Text>
          )
        ) : (
          <JsonEditor
            label={label}
            value={text}
            onChange={(typed) => {
              setText(typed);
              const next = readJson(typed).value;
              if (next !== null && !sameJson(next, value)) onChange(next);
            }}
          />
        )}
      </Suspense>
      {mode === 'json' && read.fault !== null && (
        <Text fz="xs" c="var(--mantine-color-error)" role="alert">
          {why} {m.ui.formWaits}
        </Text>
      )}
      {read.fault === null && listed.length > 0 && <ValidationErrors found={listed} />}
    </Stack>
  );
}

function faultIn({ kind, line, key }: JsonFault, m: Messages): string {
  switch (kind) {
    case 'empty':
      return m.ui.jsonEmpty;
    case 'noObject':
      return m.ui.jsonNoObject;
    case 'twice':
      return m.ui.jsonTwice(line, key ?? '');
    case 'syntax':
      return m.ui.jsonSyntax(line);
  }
}

/** What is wrong with a value, line by line. */
export function ValidationErrors({ found }: { found: readonly ValidationError[] }) {
  const m = useMessages();
  return (
    <Alert color="red" title={m.ui.validationErrors(found.length)} p="xs" role="group" data-validationErrors>
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

/** A schema that only describes what a value holds, and what it held: a field that is emptied stays. */
function inferred(value: JsonObject, before: JsonObject | null): JsonObject {
  const were = before?.['properties'];
  const properties = isJsonObject(were) ? were : {};
  return {
    type: 'object',
    properties: {
      ...properties,
      ...Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, { title: key, ...typed(inner, properties[key]) }]),
      ),
    },
  };
}

function typed(value: unknown, before: unknown): JsonObject {
  const was = isJsonObject(before) ? before : null;
  if (isJsonObject(value)) return inferred(value, was);
  if (Array.isArray(value)) {
    const items = was?.['items'];
    return { type: 'array', items: value.length > 0 ? typed(value[0], items) : (items ?? { type: 'string' }) };
  }
  if (isNumeric(value)) return { type: 'number' };
  if (typeof value === 'boolean') return { type: 'boolean' };
  return { type: 'string' };
}

/** Whether a form shows a field at this place, which then says what is wrong with it. */
function hasField(schema: JsonObject, pointer: string): boolean {
  const said = formSchemaOf(schema) ?? schema;
  let at = followed(said, said);
  for (const step of pathOf(pointer)) {
    if (!isJsonObject(at)) return false;
    const properties = at['properties'];
    const inside = isJsonObject(properties) && step in properties ? properties[step] : null;
    at = followed(said, inside ?? (/^\d+$/.test(step) ? at['items'] : null));
  }
  // Of objects and lists a form shows the parts, and no message of their own.
  return isJsonObject(at) && !('properties' in at) && !('items' in at);
}
