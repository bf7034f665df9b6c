import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';

/** What an input of kind `datetime-local` shows: local time without its offset. */
function localOf(at: string | undefined): string {
  const date = new Date(at ?? '');
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Nothing was logged before; a year on the way to 2025 is 2, 20 and 202 first. */
const FIRST = '1970-01-01T00:00';
const LAST = '9999-12-31T23:59';
const FULL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

function momentOf(local: string): string | null {
  const date = new Date(local);
  const isMeant = FULL.test(local) && local >= FIRST && !Number.isNaN(date.getTime());
  return isMeant ? date.toISOString() : null;
}

/** A time that is told only when all of it is typed, and that stays as it is typed until then. */
export function TimeInput({
  label,
  at,
  onChange,
}: {
  label: string;
  at: string | undefined;
  onChange: (at: string | undefined) => void;
}) {
  const m = useMessages();
  const [typed, setTyped] = useState(() => localOf(at));
  const [isHalf, setHalf] = useState(false);
  const [isLeft, setLeft] = useState(true);
  const [known, setKnown] = useState(at);
  if (at !== known) {
    setKnown(at);
    if (momentOf(typed) !== at) {
      setTyped(localOf(at));
      setHalf(false);
    }
  }
  return (
    <TextInput
      size="xs"
      type="datetime-local"
      label={label}
      min={FIRST}
      max={LAST}
      value={typed}
      error={isHalf && isLeft ? m.audit.timeUnfinished : undefined}
      onFocus={() => setLeft(false)}
      onBlur={() => setLeft(true)}
      onChange={(event) => {
        const { value, validity } = event.currentTarget;
        const moment = momentOf(value);
        // A browser tells a half-typed time as an empty one that is bad input.
        const isEmpty = value === '' && !validity.badInput;
        setTyped(value);
        setHalf(moment === null && !isEmpty);
        if (moment !== null) {
          setKnown(moment);
          onChange(moment);
        } else if (isEmpty) onChange(undefined);
      }}
    />
  );
}
