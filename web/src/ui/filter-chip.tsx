import { Box, CloseButton, Combobox, Group, ScrollArea, Text, UnstyledButton, useCombobox } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { hasWords } from '@/ui/words.ts';

export interface FilterChoice {
  readonly value: string;
  readonly label: string;
  readonly count?: number;
}

const SEARCHED_FROM = 8;
const SHOWN = 100;
const NONE: readonly FilterChoice[] = [];

/** One filter of a list: says what it is set to, opens its choices, and is taken off again by its cross. */
export function FilterChip({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: string | undefined;
  choices: readonly FilterChoice[];
  onChange: (value: string | undefined) => void;
}) {
  const m = useMessages();
  const [search, setSearch] = useState('');
  const searched = choices.length > SEARCHED_FROM;
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      setSearch('');
    },
    onDropdownOpen: () => {
      if (searched) combobox.focusSearchInput();
    },
  });
  const shown = combobox.dropdownOpened
    ? choices.filter((choice) => hasWords(search, choice.label)).slice(0, SHOWN)
    : NONE;
  const isSet = value !== undefined;
  const said = choices.find((choice) => choice.value === value)?.label ?? value;
  return (
    <Combobox
      store={combobox}
      width={260}
      position="bottom-start"
      onOptionSubmit={(chosen) => {
        onChange(chosen === value ? undefined : chosen);
        combobox.closeDropdown();
        combobox.focusTarget();
      }}
    >
      <Group
        gap={2}
        wrap="nowrap"
        h={32}
        style={{
          border: `1px ${isSet ? 'solid' : 'dashed'} var(--mantine-color-default-border)`,
          borderRadius: 16,
          background: isSet ? 'var(--mantine-color-indigo-light)' : undefined,
          maxWidth: '100%',
        }}
      >
        <Combobox.Target targetType="button">
          <UnstyledButton
            onClick={() => combobox.toggleDropdown()}
            aria-label={isSet ? `${label}: ${said ?? ''}` : label}
            px={10}
            h={30}
            style={{ display: 'inline-flex', alignItems: 'center', gap: 6, borderRadius: 16, minWidth: 0 }}
          >
            <Text span fz="sm" c={isSet ? 'var(--mantine-color-indigo-light-color)' : undefined} truncate>
              {isSet ? `${label}: ${said ?? ''}` : label}
            </Text>
            {!isSet && <IconChevronDown size={14} aria-hidden />}
          </UnstyledButton>
        </Combobox.Target>
        {isSet && (
          <CloseButton
            size="sm"
            radius="xl"
            mr={4}
            aria-label={m.ui.takeOff(label)}
            onClick={() => onChange(undefined)}
          />
        )}
      </Group>
      <Combobox.Dropdown>
        {searched && (
          <Combobox.Search
            value={search}
            onChange={(event) => {
              setSearch(event.currentTarget.value);
              combobox.updateSelectedOptionIndex();
            }}
            placeholder={m.common.search}
            aria-label={`${m.common.search}: ${label}`}
          />
        )}
        <Combobox.Options aria-label={label}>
          <ScrollArea.Autosize mah={280} type="auto">
            {shown.map((choice) => (
              <Combobox.Option key={choice.value} value={choice.value} active={choice.value === value}>
                <Group justify="space-between" wrap="nowrap" gap="xs">
                  <Text span fz="sm" fw={choice.value === value ? 600 : 400} style={{ overflowWrap: 'anywhere' }}>
                    {choice.label}
                  </Text>
                  {choice.count !== undefined && (
                    <Box component="span" fz="xs" c="dimmed">
                      {choice.count}
                    </Box>
                  )}
                </Group>
              </Combobox.Option>
            ))}
            {shown.length === 0 && <Combobox.Empty>{m.common.noMatch}</Combobox.Empty>}
          </ScrollArea.Autosize>
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
