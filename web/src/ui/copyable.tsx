import { useEffect, useState } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import classes from '@/ui/rows.module.css';

const SAID_MS = 1500;

/** An id or code that a click copies. `label` names it for screen readers; `isText`: it is no code, and reads as text. */
export function Copyable({
  value,
  shown,
  label,
  isDimmed = false,
  isText = false,
}: {
  value: string;
  shown?: string;
  label?: string;
  isDimmed?: boolean;
  isText?: boolean;
}) {
  const m = useMessages();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const hint = isCopied ? m.common.copied : m.common.copy;
  const looks = [classes.clipped, !isText && classes.code, isDimmed && classes.dimmed].filter(Boolean).join(' ');
  return (
    <button
      type="button"
      className={`${classes.quiet} ${classes.copyable}`}
      data-hint={hint}
      aria-label={`${hint}: ${label ?? value}`}
      onClick={(event) => {
        event.stopPropagation();
        void navigator.clipboard.writeText(value).then(() => setCopied(true));
      }}
    >
      <span className={looks}>{shown ?? value}</span>
      <span className={classes.copy} data-copied={isCopied || undefined} aria-hidden />
    </button>
  );
}
