import { useMantineTheme } from '@mantine/core';

/** A line without axes for a handful of numbers. `label` says in words what it shows. */
export function Sparkline({
  values,
  label,
  width = 64,
  height = 20,
}: {
  values: readonly number[];
  label: string;
  width?: number;
  height?: number;
}) {
  const theme = useMantineTheme();
  const top = Math.max(...values, 1);
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  const points = values.map((value, place) => `${1 + place * step},${height - 1 - (value / top) * (height - 2)}`);
  return (
    <svg width={width} height={height} role="img" aria-label={label} style={{ flexShrink: 0 }}>
      {values.length > 1 && (
        <polyline
          points={points.join(' ')}
          fill="none"
          stroke={theme.variantColorResolver({ color: theme.primaryColor, theme, variant: 'light' }).color}
          strokeWidth={1.5}
          strokeLinejoin="round"
        />
      )}
    </svg>
  );
}
