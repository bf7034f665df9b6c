/** A line without axes for a handful of numbers. `label` says in words what it shows. */
export function Sparkline({
  values,
  label,
  hinted = false,
  width = 64,
  height = 20,
}: {
  values: readonly number[];
  label: string;
  /** The words are shown to the pointer, too. */
  hinted?: boolean;
  width?: number;
  height?: number;
}) {
  const top = Math.max(...values, 1);
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  const points = values.map((value, place) => `${1 + place * step},${height - 1 - (value / top) * (height - 2)}`);
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={label}
      data-hint={hinted ? label : undefined}
      style={{ flexShrink: 0 }}
    >
      {values.length > 1 && (
        <polyline
          points={points.join(' ')}
          fill="none"
          stroke="var(--mantine-primary-color-light-color)"
          strokeWidth={1.5}
          strokeLinejoin="round"
        />
      )}
    </svg>
  );
}
