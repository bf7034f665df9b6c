import classes from '@/ui/rows.module.css';

/** A state that is as it should be: a word and a dot. What is not so stands out by a badge. */
export function StateDot({ color = 'teal', children }: { color?: 'teal' | 'gray'; children: string }) {
  return (
    <span className={classes.state} data-color={color}>
      {children}
    </span>
  );
}
