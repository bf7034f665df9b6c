import { Portal } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import classes from '@/ui/hints.module.css';

const DELAY_MS = 300;
const GAP = 8;

interface Shown {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly isBelow: boolean;
}

function shownAt(target: HTMLElement): Shown {
  const { left, right, top, bottom } = target.getBoundingClientRect();
  const isBelow = top < 48;
  return {
    text: target.dataset['hint'] ?? '',
    x: Math.min(Math.max((left + right) / 2, 96), window.innerWidth - 96),
    y: isBelow ? bottom + GAP : top - GAP,
    isBelow,
  };
}

/**
 * Shows the `data-hint` of whatever the pointer or the focus rests on. One for the whole page: a list of many rows with
 * three hints each is no dearer for them.
 */
export function Hints() {
  const id = useId();
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let target: HTMLElement | null = null;
    const changed = new MutationObserver(() => target && setShown(shownAt(target)));
    const hide = () => {
      clearTimeout(timer);
      changed.disconnect();
      target?.removeAttribute('aria-describedby');
      target = null;
      setShown(null);
    };
    const rest = (event: Event) => {
      const found = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-hint]') : null;
      if (found === target) return;
      hide();
      const isFocus = event.type === 'focusin';
      if (found === null || (isFocus && !found.matches(':focus-visible'))) return;
      target = found;
      timer = setTimeout(
        () => {
          if (!found.isConnected) return;
          found.setAttribute('aria-describedby', id);
          changed.observe(found, { attributeFilter: ['data-hint'] });
          setShown(shownAt(found));
        },
        isFocus ? 0 : DELAY_MS,
      );
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key === 'Escape') hide();
    };
    const stop = new AbortController();
    const { signal } = stop;
    document.addEventListener('pointerover', rest, { signal });
    document.addEventListener('focusin', rest, { signal });
    document.addEventListener('focusout', hide, { signal });
    document.addEventListener('keydown', escape, { signal });
    window.addEventListener('scroll', hide, { signal, capture: true, passive: true });
    return () => {
      stop.abort();
      hide();
    };
  }, [id]);
  return (
    shown !== null && (
      <Portal>
        <div
          id={id}
          role="tooltip"
          className={classes.hint}
          data-below={shown.isBelow || undefined}
          style={{ left: shown.x, top: shown.y }}
        >
          {shown.text}
        </div>
      </Portal>
    )
  );
}
