import { ActionIcon, Button, Group, Popover, ScrollArea, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { ICONS, isIconName } from '@/ui/icons.ts';
import { ModuleIcon } from '@/ui/module-icon.tsx';

const NAMES = Object.keys(ICONS).filter(isIconName);

/** Chooses an icon by its name. Any other name is kept too: it shows the first letter here. Loads all icons: lazily. */
export default function IconPicker({
  value,
  onChange,
  name,
  color,
}: {
  value: string;
  onChange: (value: string) => void;
  /** Whose first letter stands in. */
  name: string;
  color: string;
}) {
  const m = useMessages();
  const [opened, setOpened] = useState(false);
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const found = NAMES.filter((one) => one.includes(wanted));
  const choose = (icon: string) => {
    onChange(icon);
    setOpened(false);
    setSearch('');
  };
  return (
    <Popover opened={opened} onChange={setOpened} width={320} position="bottom-start" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button
          variant="default"
          fullWidth
          justify="flex-start"
          fw={400}
          aria-label={m.modules.chooseIcon(value || m.modules.noIcon)}
          leftSection={<ModuleIcon name={name} metadata={{ icon: value, color }} size={22} />}
          onClick={() => setOpened(!opened)}
        >
          {value || m.modules.noIcon}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <TextInput
            aria-label={m.modules.searchIcons}
            placeholder={m.modules.searchIcons}
            value={search}
            maxLength={60}
            data-autofocus
            onChange={(event) => setSearch(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              const first = found[0];
              if (first !== undefined && wanted !== '') choose(first);
            }}
          />
          <ScrollArea.Autosize mah={220} type="auto" tabIndex={-1}>
            <Group gap={4}>
              {found.map((icon) => {
                const Icon = ICONS[icon];
                return (
                  <Tooltip key={icon} label={icon}>
                    <ActionIcon
                      variant={icon === value ? 'filled' : 'subtle'}
                      color={icon === value ? undefined : 'gray'}
                      size={34}
                      aria-label={icon}
                      aria-pressed={icon === value}
                      onClick={() => choose(icon)}
                    >
                      <Icon size={20} />
                    </ActionIcon>
                  </Tooltip>
                );
              })}
            </Group>
          </ScrollArea.Autosize>
          {wanted !== '' && !isIconName(wanted) && (
            <Button
              variant="subtle"
              size="compact-sm"
              onClick={() => choose(wanted)}
              styles={{ label: { whiteSpace: 'normal' } }}
              h="auto"
            >
              {m.modules.useName(wanted)}
            </Button>
          )}
          <Group justify="space-between">
            <Text fz="xs" c="dimmed">
              {found.length}
            </Text>
            {value !== '' && (
              <Button variant="subtle" color="gray" size="compact-xs" onClick={() => choose('')}>
                {m.modules.noIcon}
              </Button>
            )}
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
