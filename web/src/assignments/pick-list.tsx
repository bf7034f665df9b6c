import { Badge, Checkbox, Group, ScrollArea, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { limits } from '@modplane/client';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { bestFirst } from '@/ui/search-rank.ts';

export interface Pickable {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Beside the name, such as "required". */
  readonly badge?: string | undefined;
  /** Why it cannot be chosen; null when it can. */
  readonly unavailable: string | null;
}

/** So many are shown at once; typing finds the others. */
const SHOWN = 80;

/** Several of many: found by typing, chosen by click or space; what cannot be chosen says why. */
export function PickList({
  label,
  items,
  chosen,
  onChange,
  above,
}: {
  label: string;
  items: readonly Pickable[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
  above?: ReactNode;
}) {
  const m = useMessages();
  const [typed, setTyped] = useState('');
  const found = bestFirst(items, typed, (one) => ({ names: [one.id, one.name], about: [one.about] }));
  const shown = found.slice(0, SHOWN);
  const flip = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChange(next);
  };
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap">
        <TextInput
          type="search"
          aria-label={m.assignments.findModule}
          placeholder={m.assignments.findModule}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          leftSection={<IconSearch size={16} aria-hidden />}
          maxLength={limits.query.q}
          style={{ flex: 1 }}
          // It may come after the dialog has given the focus away.
          autoFocus
          data-autofocus
        />
        {above}
      </Group>
      <ScrollArea.Autosize
        mah={340}
        type="auto"
        scrollbars="y"
        viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': label }}
        style={{ border: '1px solid var(--mantine-color-default-border)', borderRadius: 8 }}
      >
        {shown.map((one) => (
          <Row key={one.id} one={one} checked={chosen.has(one.id)} onFlip={() => flip(one.id)} />
        ))}
        {shown.length === 0 && (
          <Text c="dimmed" fz="sm" p="md" ta="center">
            {m.common.noMatch}
          </Text>
        )}
        {found.length > shown.length && (
          <Text c="dimmed" fz="xs" p="xs" ta="center">
            {m.assignments.moreFound(found.length - shown.length)}
          </Text>
        )}
      </ScrollArea.Autosize>
    </Stack>
  );
}

function Row({ one, checked, onFlip }: { one: Pickable; checked: boolean; onFlip: () => void }) {
  const isOff = one.unavailable !== null;
  return (
    <UnstyledButton
      component="label"
      px="sm"
      py={6}
      display="block"
      style={{ cursor: isOff ? 'not-allowed' : 'pointer' }}
    >
      <Group gap="sm" wrap="nowrap">
        <Checkbox size="xs" checked={checked} disabled={isOff} onChange={onFlip} />
        <ModuleIcon name={one.name} metadata={one.metadata} size={24} />
        <div style={{ minWidth: 0, flex: 1 }}>
          <Text fz="sm" fw={500} truncate {...(isOff ? { c: 'dimmed' } : {})}>
            {one.name}
          </Text>
          <Text fz="xs" c="dimmed" truncate>
            {one.about}
          </Text>
        </div>
        {one.badge !== undefined && (
          <Badge variant="default" tt="none" fw={400}>
            {one.badge}
          </Badge>
        )}
        {isOff && (
          <Text fz="xs" c="dimmed" style={{ flexShrink: 0 }}>
            {one.unavailable}
          </Text>
        )}
      </Group>
    </UnstyledButton>
  );
}
