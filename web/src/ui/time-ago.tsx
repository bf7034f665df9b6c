import { type CSSProperties, useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '@/i18n/messages.tsx';

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const formats = new Map<string, Intl.RelativeTimeFormat>();

function formatOf(language: string): Intl.RelativeTimeFormat {
  const known = formats.get(language);
  if (known) return known;
  const made = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  formats.set(language, made);
  return made;
}

/** "3 minutes ago"; less than a minute is "now". */
export function ago(at: Date, now: Date, language: string): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const format = formatOf(language);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, 'second');
}

/** The time now, renewed as often as asked, so that ages on the page stay true. */
export function useNow(everyMs: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

const TICK_MS = 30_000;
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;
let minute = new Date();

/** One clock for all the times on a page. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(() => {
    minute = new Date();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

function clock(): Date {
  // Nobody listened for a while: what is shown now is not to be as old as that.
  if (ticking === undefined && Date.now() - minute.getTime() > TICK_MS) minute = new Date();
  return minute;
}

/** A relative time; the exact one in UTC is a hover or focus away. */
export function TimeAgo({
  at,
  fz,
  c,
  visibleFrom,
  style,
}: {
  at: string;
  fz?: 'xs' | 'sm';
  c?: 'dimmed';
  visibleFrom?: 'xs' | 'sm' | 'md';
  style?: CSSProperties;
}) {
  const { language } = useLanguage();
  const now = useSyncExternalStore(listen, clock);
  const date = new Date(at);
  return (
    <time
      dateTime={at}
      data-hint={`${date.toISOString().replace('T', ' ').slice(0, 19)} UTC`}
      tabIndex={0}
      className={visibleFrom && `mantine-visible-from-${visibleFrom}`}
      style={{
        ...(fz && { fontSize: `var(--mantine-font-size-${fz})` }),
        ...(c && { color: 'var(--mantine-color-dimmed)' }),
        ...style,
      }}
    >
      {ago(date, now, language)}
    </time>
  );
}
