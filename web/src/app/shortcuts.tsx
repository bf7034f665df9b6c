import { Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { type Shortcut, useShortcuts } from '@/ui/shortcuts.ts';

const OPEN = 'modplane:shortcuts';

let chordBegan = 0;

const beginChord = () => {
  chordBegan = Date.now();
};

/** Whether `g` was pressed just before; ends the chord. */
const inChord = () => {
  const began = chordBegan;
  chordBegan = 0;
  return Date.now() - began < CHORD_MS;
};

const CHORD_MS = 1200;

type Row = readonly [keys: readonly string[], does: string];

/** What the lists and forms of the super admin's pages listen to. */
const ofAdmins = (m: Messages): readonly Row[] => [
  [['Ctrl', 'K'], m.shell.shortcutPalette],
  [['/'], m.shell.shortcutSearch],
  [['n'], m.shell.shortcutNew],
  [['↑', '↓'], m.shell.shortcutRows],
  [['Ctrl', 'Enter'], m.shell.shortcutSave],
];

/** Shows the list of shortcuts, from wherever it is asked for. */
export const openShortcuts = () => window.dispatchEvent(new Event(OPEN));

/** `?` lists the keys; `g` and a page's first letter leads there. */
export function Shortcuts({ pages }: { pages: readonly { readonly to: string; readonly name: string }[] }) {
  const m = useMessages();
  const navigate = useNavigate();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const open = () => setShown(true);
    window.addEventListener(OPEN, open);
    return () => window.removeEventListener(OPEN, open);
  }, []);
  const letters = pages.map((page) => ({ ...page, letter: page.to.slice(page.to.lastIndexOf('/') + 1).charAt(0) }));
  useShortcuts([
    ['shift+?', openShortcuts],
    ['?', openShortcuts],
    ['g', beginChord],
    ...letters.map(({ letter, to }): Shortcut => [
      letter,
      () => {
        if (inChord()) void navigate({ to });
      },
    ]),
  ]);
  const rows: readonly Row[] = [
    ...(pages.length > 0 ? ofAdmins(m) : []),
    ...letters.map(({ letter, name }) => [['g', letter], m.shell.shortcutGo(name)] as const),
    [['Esc'], m.shell.shortcutClose],
    [['?'], m.shell.shortcutHelp],
  ];
  return (
    <Modal
      opened={shown}
      onClose={() => setShown(false)}
      title={m.shell.shortcuts}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Stack gap={8}>
        {rows.map(([keys, does]) => (
          <Group key={does} justify="space-between">
            <Text fz="sm">{does}</Text>
            <Group gap={4}>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
