import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { limits } from '@modplane/client';
import { IconSearch } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { useShortcuts } from '@/ui/shortcuts.ts';

/** Search as you type: `onChange` hears of it after a quarter of a second of quiet. `/` leads here. */
export function SearchField({
  value,
  onChange,
  label,
}: {
  value: string;
  onChange: (value: string) => void;
  label: string;
}) {
  const m = useMessages();
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const tell = useDebouncedCallback(onChange, 250);
  if (value !== known) {
    setKnown(value);
    setTyped(value);
  }
  useShortcuts([['/', () => field.current?.focus()]]);
  const change = (text: string) => {
    setTyped(text);
    // White space alone is no search: the API refuses an empty one.
    tell(text.trim() === '' ? '' : text);
  };
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={label}
      placeholder={label}
      value={typed}
      maxLength={limits.query.q}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && typed) {
          event.stopPropagation();
          change('');
        }
      }}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed ? (
          <CloseButton
            size="sm"
            aria-label={m.common.clear}
            onClick={() => {
              change('');
              field.current?.focus();
            }}
          />
        ) : (
          <Kbd size="xs" aria-hidden>
            /
          </Kbd>
        )
      }
      style={{ flex: '1 1 220px', maxWidth: 360 }}
    />
  );
}
