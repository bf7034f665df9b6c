import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconGitMerge } from '@tabler/icons-react';
import type { ModuleDetails } from '@modplane/client';
import { isConflict, problemOf } from '@/api/client.ts';
import { jsonText } from '@/api/exact-json.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { type EditedField, type FormValues, type Merged, isSame, labelOf, valuesOf } from '@/registry/form-values.ts';
import { type EventSince, eventsSince } from '@/ui/events-since.ts';
import { isJsonObject } from '@/ui/json-values.ts';
import { WhoChanged } from '@/ui/who-changed.tsx';

interface Theirs {
  readonly module: ModuleDetails;
  readonly events: readonly EventSince[];
}

/** What somebody saved while this person was typing. */
export interface ConflictDetails extends Theirs, Merged {
  readonly mine: FormValues;
}

/** What a 412 tells of the module as it is now; null for any other failure, or when the module is gone. */
export function conflictDetailsOf(error: unknown): Theirs | null {
  if (!isConflict(error)) return null;
  const problem = problemOf(error)?.problem ?? {};
  const current: unknown = 'current' in problem ? problem.current : null;
  return isModule(current) ? { module: current, events: eventsSince(error) } : null;
}

const isModule = (value: unknown): value is ModuleDetails =>
  isJsonObject(value) && typeof value['sequence'] === 'number';

/** Who saved what meanwhile. What both changed is chosen here, field by field; the person's own stands until then. */
export function Conflict({
  conflict,
  values,
  onChoose,
}: {
  conflict: ConflictDetails;
  values: FormValues;
  onChoose: (change: Partial<FormValues>) => void;
}) {
  const m = useMessages();
  const last = conflict.events.at(-1);
  const theirs = valuesOf(conflict.module);
  return (
    <Alert color="yellow" icon={<IconGitMerge size={18} aria-hidden />} title={m.common.conflictTitle} role="alert">
      <Stack gap="sm">
        {last && <WhoChanged event={last} />}
        <Text fz="sm">{m.common.conflictDetail}</Text>
        {conflict.tookOver.length > 0 && (
          <Text fz="sm">{m.modules.tookOver(conflict.tookOver.map((field) => labelOf(field, m)).join(', '))}</Text>
        )}
        {conflict.bothChanged.length > 0 && (
          <Text fz="sm" fw={600}>
            {m.modules.bothChanged}
          </Text>
        )}
        {conflict.bothChanged.map((field) => (
          <Choice
            key={field}
            field={field}
            mine={conflict.mine}
            theirs={theirs}
            isMine={!isSame(values, theirs, field)}
            onChoose={onChoose}
          />
        ))}
      </Stack>
    </Alert>
  );
}

function Choice({
  field,
  mine,
  theirs,
  isMine,
  onChoose,
}: {
  field: EditedField;
  mine: FormValues;
  theirs: FormValues;
  isMine: boolean;
  onChoose: (change: Partial<FormValues>) => void;
}) {
  const m = useMessages();
  const label = labelOf(field, m);
  const sides = [
    { name: m.modules.yours, says: m.modules.keepYours(label), of: mine, chosen: isMine },
    { name: m.modules.theirs, says: m.modules.takeTheirs(label), of: theirs, chosen: !isMine },
  ];
  return (
    <div>
      <Text fz="sm">{label}</Text>
      <Stack gap={6} mt={4}>
        {sides.map((side) => (
          <Group key={side.name} gap="xs" wrap="nowrap" align="flex-start">
            <Button
              size="compact-xs"
              variant={side.chosen ? 'filled' : 'default'}
              aria-pressed={side.chosen}
              aria-label={side.says}
              onClick={() => onChoose({ [field]: side.of[field] })}
              style={{ flexShrink: 0 }}
            >
              {side.name}
            </Button>
            <Code style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap', maxHeight: 120, overflow: 'auto' }}>
              {shown(side.of[field])}
            </Code>
          </Group>
        ))}
      </Stack>
    </div>
  );
}

const shown = (value: FormValues[EditedField]): string => (typeof value === 'string' ? value || '–' : jsonText(value));
