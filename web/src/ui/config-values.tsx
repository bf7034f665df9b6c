import { Badge, Group, Stack, Text } from '@mantine/core';
import { isNumeric, jsonText, numberText } from '@/api/exact-json.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { type JsonObject, isJsonObject } from '@/ui/json-values.ts';

/** A config to read: each key with its value and what kind of value it is. */
export function ConfigValues({
  value,
  schema,
  label,
}: {
  value: JsonObject;
  schema: JsonObject | null;
  label: string;
}) {
  return (
    <Stack component="dl" gap={0} m={0} aria-label={label}>
      {valuesIn(value, schema ?? {}, []).map((one) => (
        <Entry key={one.path.join('\u0000')} {...one} />
      ))}
    </Stack>
  );
}

interface Listed {
  readonly path: readonly string[];
  readonly title: string | undefined;
  readonly value: unknown;
}

/** All values, those inside of objects with their whole path. */
function valuesIn(value: JsonObject, schema: JsonObject, path: readonly string[]): readonly Listed[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(value).flatMap(([key, inner]) => {
    const about = properties[key];
    const of = isJsonObject(about) ? about : {};
    const at = [...path, key];
    if (isJsonObject(inner) && Object.keys(inner).length > 0) return valuesIn(inner, of, at);
    const title = of['title'];
    return [{ path: at, title: typeof title === 'string' ? title : undefined, value: inner }];
  });
}

function Entry({ path, title, value }: Listed) {
  const m = useMessages();
  return (
    <div
      style={{
        display: 'grid',
        gridTemplateColumns: 'minmax(96px, 40%) 1fr',
        gap: 12,
        padding: '8px 0',
        borderBottom: '1px solid var(--mantine-color-default-border)',
      }}
    >
      <Text component="dt" fz="sm" style={{ overflowWrap: 'anywhere', minWidth: 0 }}>
        {title}
        <Text span display="block" ff="monospace" fz="xs" c={title === undefined ? undefined : 'dimmed'}>
          {path.join('.')}
        </Text>
      </Text>
      <Group component="dd" m={0} gap={8} wrap="nowrap" align="flex-start" justify="space-between" miw={0}>
        <Text span fz="sm" miw={0} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          <Value value={value} />
        </Text>
        <Badge variant="light" color="gray" tt="none" fw={500} style={{ flexShrink: 0 }}>
          {m.ui.types[typeOf(value)]}
        </Badge>
      </Group>
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  const m = useMessages();
  if (isNumeric(value)) return numberText(value);
  if (typeof value === 'boolean') return value ? m.common.yes : m.common.no;
  if (value === '') {
    return (
      <Text span c="dimmed" fs="italic" fz="sm">
        {m.ui.emptyText}
      </Text>
    );
  }
  return (
    <Text span ff={typeof value === 'string' ? undefined : 'monospace'} fz="sm">
      {typeof value === 'string' ? value : jsonText(value)}
    </Text>
  );
}

function typeOf(value: unknown): 'text' | 'number' | 'boolean' | 'list' | 'object' | 'null' {
  if (isNumeric(value)) return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'text';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : 'object';
}
