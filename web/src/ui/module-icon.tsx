import { ThemeIcon } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';

let icons: Readonly<Record<string, TablerIcon>> | null = null;

/** The selection of icons is a chunk of its own: letters stand in until it is there. */
function subscribe(changed: () => void): () => void {
  let listens = true;
  if (icons === null) {
    void import('@/ui/icons.ts').then((loaded) => {
      icons = loaded.ICONS;
      if (listens) changed();
    });
  }
  return () => {
    listens = false;
  };
}

const useIcons = () => useSyncExternalStore(subscribe, () => icons);

const HEX = /^#[0-9a-f]{6}$/i;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Black or white, whichever is easier to read on the colour (WCAG relative luminance). */
export function inkOn(color: string): '#000000' | '#ffffff' {
  const channels = [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}

/** A module's tile: its icon by name in its colour; an unknown or absent name falls back to the first letter. */
export function ModuleIcon({
  name,
  metadata,
  size = 28,
}: {
  name: string;
  metadata: Readonly<Record<string, unknown>>;
  size?: number;
}) {
  const icon = textOf(metadata['icon']);
  const color = HEX.test(textOf(metadata['color'])) ? textOf(metadata['color']) : '#5c6370';
  const known = useIcons();
  const Icon = known !== null && Object.hasOwn(known, icon) ? known[icon] : null;
  const ink = inkOn(color);
  return (
    <ThemeIcon size={size} radius="sm" color={color} style={{ color: ink, flexShrink: 0 }} aria-hidden>
      {Icon ? (
        <Icon size={Math.round(size * 0.6)} />
      ) : (
        <span style={{ fontSize: size * 0.45, fontWeight: 600 }}>{(name.trim()[0] ?? '?').toUpperCase()}</span>
      )}
    </ThemeIcon>
  );
}
