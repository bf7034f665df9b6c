import type { TablerIcon } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import classes from '@/ui/rows.module.css';

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

/** A module's tile: its icon by name, in its colour on a shade of it; an unknown or absent name falls back to a letter. */
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
  return (
    <span
      className={classes.tile}
      style={{
        width: size,
        height: size,
        borderRadius: `var(--mantine-radius-${size > 24 ? 'md' : 'sm'})`,
        fontSize: size * 0.45,
        background: `color-mix(in srgb, ${color} 14%, var(--mantine-color-body))`,
        // Nearer to the text's colour, so that a pale or a dark one is still seen in either scheme.
        color: `color-mix(in srgb, ${color} 70%, var(--mantine-color-text))`,
      }}
      aria-hidden
    >
      {Icon ? <Icon size={Math.round(size * 0.6)} /> : (name.trim()[0] ?? '?').toUpperCase()}
    </span>
  );
}
