import { useMessages } from '@/i18n/messages.tsx';
import { useCopy } from '@/ui/copying.tsx';
import classes from '@/ui/rows.module.css';

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
  const { isCopied, copy } = useCopy();
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
        void copy(value);
      }}
    >
      <span className={looks}>{shown ?? value}</span>
      <span className={classes.copy} data-copied={isCopied || undefined} aria-hidden />
    </button>
  );
}
