import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useState } from 'react';
import { limits, type ModuleDetails } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import type { Registry } from '@/industries/draft.ts';
import classes from '@/industries/industries.module.css';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { bestFirst, searchedModule } from '@/ui/search-rank.ts';

const ROW_PX = 52;

/** Any number of modules of the registry at once; those that are in the list already are shown as such. */
export function ModulePicker({
  opened,
  onClose,
  registry,
  present,
  onAdd,
}: {
  opened: boolean;
  onClose: () => void;
  registry: Registry;
  present: ReadonlySet<string>;
  onAdd: (ids: readonly string[]) => void;
}) {
  const m = useMessages();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={m.industries.pickTitle}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Choices
        registry={registry}
        present={present}
        onAdd={(ids) => {
          onAdd(ids);
          onClose();
        }}
      />
    </Modal>
  );
}

function Choices({
  registry,
  present,
  onAdd,
}: {
  registry: Registry;
  present: ReadonlySet<string>;
  onAdd: (ids: readonly string[]) => void;
}) {
  const { common, industries: m } = useMessages();
  const [q, setQ] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const found = bestFirst([...registry.values()], q, searchedModule);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer measures on its own; nothing of it is memoized
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => box,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const toggle = (id: string) => setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <Stack gap="sm">
      <TextInput
        data-autofocus
        type="search"
        aria-label={m.pickSearch}
        placeholder={m.pickSearch}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={q}
        maxLength={limits.query.q}
        onChange={(event) => setQ(event.currentTarget.value)}
      />
      <div ref={setBox} className={classes.picks} tabIndex={-1} role="group" aria-label={m.pickTitle}>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const module = found[index];
            if (module === undefined) return null;
            return (
              <div
                key={module.module_id}
                style={{ position: 'absolute', insetInline: 0, top: 0, transform: `translateY(${start}px)` }}
              >
                <Pick
                  module={module}
                  isIn={present.has(module.module_id)}
                  checked={chosen.includes(module.module_id)}
                  onToggle={() => toggle(module.module_id)}
                />
              </div>
            );
          })}
        </div>
        {found.length === 0 && (
          <Text p="md" c="dimmed">
            {common.noMatch}
          </Text>
        )}
      </div>
      <Group justify="flex-end">
        <Button disabled={chosen.length === 0} onClick={() => onAdd(chosen)}>
          {m.pickAdd(chosen.length)}
        </Button>
      </Group>
    </Stack>
  );
}

function Pick({
  module,
  isIn,
  checked,
  onToggle,
}: {
  module: ModuleDetails;
  isIn: boolean;
  checked: boolean;
  onToggle: () => void;
}) {
  const { industries: m } = useMessages();
  return (
    <label className={classes.pick} style={{ height: ROW_PX, cursor: isIn ? 'default' : 'pointer' }}>
      <Checkbox
        checked={checked || isIn}
        disabled={isIn}
        onChange={onToggle}
        aria-label={isIn ? `${module.module_name} (${m.alreadyIn})` : module.module_name}
      />
      <ModuleIcon name={module.module_name} metadata={module.metadata} />
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text fz="sm" fw={500} truncate>
          {module.module_name}
        </Text>
        <Text fz="xs" c="dimmed" truncate>
          {module.category}
        </Text>
      </div>
      {isIn && (
        <Text fz="xs" c="dimmed">
          {m.alreadyIn}
        </Text>
      )}
      {!isIn && !module.is_active && (
        <Text fz="xs" c="var(--mantine-color-orange-light-color)">
          {m.isInactive}
        </Text>
      )}
    </label>
  );
}
