import { useEffect, useRef } from 'react';
import classes from '@/ui/rows.module.css';

// Plain elements, because a screenful of rows comes and goes with every turn of the wheel.

/** The name of what a row is of, which opens it here, or in a new tab as any link does. */
export function RowLink({
  href,
  isDimmed = false,
  onOpen,
  onNear,
  children,
}: {
  href: string;
  isDimmed?: boolean;
  onOpen: () => void;
  onNear?: (() => void) | undefined;
  children: string;
}) {
  return (
    <a
      href={href}
      className={isDimmed ? `${classes.link} ${classes.dimmed}` : classes.link}
      title={children}
      onPointerEnter={onNear}
      onFocus={onNear}
      onClick={(event) => {
        event.stopPropagation();
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        onOpen();
      }}
    >
      {children}
    </a>
  );
}

/** On or off, at once. */
export function RowSwitch({
  label,
  isOn,
  isBusy,
  onChange,
}: {
  label: string;
  isOn: boolean;
  isBusy: boolean;
  onChange: () => void;
}) {
  return (
    <input
      type="checkbox"
      role="switch"
      className={classes.switch}
      aria-label={label}
      checked={isOn}
      disabled={isBusy}
      onChange={onChange}
    />
  );
}

/** Chosen or not; `some`: of those it stands for, a part is. */
export function RowCheckbox({
  label,
  isChosen,
  some = false,
  onChange,
}: {
  label: string;
  isChosen: boolean;
  some?: boolean;
  onChange: (isChosen: boolean) => void;
}) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = some;
  }, [some]);
  return (
    <input
      ref={box}
      type="checkbox"
      className={classes.checkbox}
      aria-label={label}
      checked={isChosen}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

/** A state that stands out. */
export function RowBadge({ tone, children }: { tone: 'orange'; children: string }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {children}
    </span>
  );
}

/** What comes here is being read. */
export const RowComing = () => <div className={classes.coming} />;
