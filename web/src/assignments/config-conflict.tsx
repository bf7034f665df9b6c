import { Alert, Button, Code, Group, Paper, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { jsonText } from '@/api/exact-json.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { type Choice, choices, picked } from '@/assignments/layers.ts';
import type { ConflictDetails } from '@/assignments/conflict.ts';
import { WhoChanged } from '@/ui/who-changed.tsx';

type Json = Readonly<Record<string, unknown>>;

/** Two people changed the same config: both versions side by side, and a pick for each key. Nothing typed is lost. */
export function ConfigConflict({
  base,
  mine,
  conflict,
  organizationId,
  onResolved,
  onClose,
}: {
  base: Json;
  mine: Json;
  conflict: ConflictDetails;
  organizationId: string;
  onResolved: (own: Json) => void;
  onClose: () => void;
}) {
  const m = useMessages();
  const all = choices(base, conflict.own ?? {}, mine);
  const [mineAt, setMineAt] = useState<ReadonlySet<string>>(
    () => new Set(all.filter(({ by }) => by !== 'them').map(({ pointer }) => pointer)),
  );
  const last = conflict.events.findLast(({ type }) => type.endsWith('config_updated')) ?? conflict.events.at(-1);
  const pick = (pointer: string, isMine: boolean) => {
    const next = new Set(mineAt);
    if (isMine) next.add(pointer);
    else next.delete(pointer);
    setMineAt(next);
  };
  return (
    <Stack>
      <Alert color="yellow" icon={<IconUsers size={18} aria-hidden />} title={m.common.conflictTitle} role="alert">
        {conflict.own === undefined ? (
          m.assignments.unassignedSince
        ) : (
          <Stack gap={4}>
            {last && <WhoChanged event={last} organizationId={organizationId} />}
            <Text fz="sm">{m.assignments.conflictHint}</Text>
          </Stack>
        )}
      </Alert>
      {conflict.own !== undefined &&
        all.map((choice) => (
          <OneKey
            key={choice.pointer}
            choice={choice}
            isMine={mineAt.has(choice.pointer)}
            onPick={(isMine) => pick(choice.pointer, isMine)}
          />
        ))}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {m.assignments.discardMine}
        </Button>
        {conflict.own !== undefined && (
          <Button onClick={() => onResolved(picked(conflict.own ?? {}, all, ({ pointer }) => mineAt.has(pointer)))}>
            {m.assignments.goOn}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function OneKey({ choice, isMine, onPick }: { choice: Choice; isMine: boolean; onPick: (isMine: boolean) => void }) {
  const m = useMessages();
  return (
    <Paper p="sm" component="section" aria-label={choice.pointer}>
      <Group justify="space-between" mb="xs">
        <Text ff="monospace" fz="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {choice.pointer}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={m.assignments.pickFor(choice.pointer)}
          value={isMine ? 'mine' : 'theirs'}
          onChange={(value) => onPick(value === 'mine')}
          data={[
            { value: 'theirs', label: m.assignments.theirs },
            { value: 'mine', label: m.assignments.mine },
          ]}
        />
      </Group>
      <SimpleGrid cols={3} spacing="xs">
        <Side title={m.assignments.was} value={choice.base} isOn={false} />
        <Side title={m.assignments.theirs} value={choice.theirs} isOn={!isMine} />
        <Side title={m.assignments.mine} value={choice.mine} isOn={isMine} />
      </SimpleGrid>
    </Paper>
  );
}

function Side({ title, value, isOn }: { title: string; value: unknown; isOn: boolean }) {
  const m = useMessages();
  return (
    <div>
      <Text fz="xs" c="dimmed">
        {title}
      </Text>
      {value === undefined ? (
        <Text fz="sm" c="dimmed">
          {m.assignments.notSet}
        </Text>
      ) : (
        <Code
          style={{ overflowWrap: 'anywhere' }}
          color={isOn ? 'var(--mantine-color-teal-light)' : undefined}
          c={isOn ? 'var(--mantine-color-teal-light-color)' : undefined}
        >
          {jsonText(value)}
        </Code>
      )}
    </div>
  );
}
