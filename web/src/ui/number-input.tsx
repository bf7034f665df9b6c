import { TextInput, type TextInputProps } from '@mantine/core';
import { useEffect, useState } from 'react';
import { isNumeric, jsonText, numberText } from '@/api/exact-json.ts';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';
import { sameJson } from '@/ui/json-values.ts';
import { decimalSign, readNumber } from '@/ui/read-number.ts';

interface NumberInputProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  readonly value: unknown;
  readonly onChange: (value: number | string | undefined) => void;
  /** Whether what is typed says no number: then the last value stands, and is not what is on screen. */
  readonly onUnread: (isUnread: boolean) => void;
}

const isSame = (one: unknown, other: unknown) => sameJson(one ?? null, other ?? null);

/** Takes a number as people write it, and keeps every character until it is one. */
export function NumberInput({ value, onChange, onUnread, error, ...rest }: NumberInputProps) {
  const m = useMessages();
  const { language } = useLanguage();
  const shown =
    value === undefined || value === null
      ? ''
      : isNumeric(value)
        ? numberText(value).replace('.', decimalSign(language))
        : jsonText(value);
  const [typed, setTyped] = useState(shown);
  const [known, setKnown] = useState(value);
  if (!isSame(known, value)) {
    setKnown(value);
    // Changed from elsewhere; what is typed here may say the same in its own way.
    const read = readNumber(typed, language);
    if (typeof read === 'string' || !isSame(read.value, value)) setTyped(shown);
  }
  const read = readNumber(typed, language);
  const isUnread = typeof read === 'string' && typed !== shown;
  useEffect(() => {
    onUnread(isUnread);
  }, [isUnread, onUnread]);
  useEffect(() => () => onUnread(false), [onUnread]);
  return (
    <TextInput
      {...rest}
      value={typed}
      error={isUnread ? (read === 'ambiguous' ? m.ui.numberAmbiguous : m.ui.numberWrong) : error}
      autoComplete="off"
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const now = readNumber(next, language);
        if (typeof now !== 'string' && !isSame(now.value, value)) onChange(now.value);
      }}
    />
  );
}
