import { Text, type TextProps, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLanguage } from '@/i18n/messages.tsx';

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "3 minutes ago"; less than a minute is "now". */
export function ago(at: Date, now: Date, language: string): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, 'second');
}

/** The time now, renewed every half a minute, so that ages on the page stay true. */
export function useNow(everyMs = 30_000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A relative time; the exact one in UTC is a hover or focus away. */
export function TimeAgo({ at, ...text }: { at: string } & TextProps) {
  const { language } = useLanguage();
  const now = useNow();
  const date = new Date(at);
  return (
    <Tooltip label={`${date.toISOString().replace('T', ' ').slice(0, 19)} UTC`}>
      <Text component="time" dateTime={at} inherit span tabIndex={0} {...text}>
        {ago(date, now, language)}
      </Text>
    </Tooltip>
  );
}
