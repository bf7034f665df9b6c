/** `plural(3, 'module', 'modules')` is `3 modules`; numbers are grouped as the language groups them. */
export function pluralIn(language: string): (count: number, one: string, other: string) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, one, other) => `${numbers.format(count)} ${rules.select(count) === 'one' ? one : other}`;
}

const UNITS = [
  ['hour', 3600],
  ['minute', 60],
] as const;

/** `duration(300)` is `5 min`: seconds in the largest unit of which there are two, tenths only below ten seconds. */
export function durationIn(language: string): (seconds: number) => string {
  return (seconds) => {
    const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? (['second', 1] as const);
    const maximumFractionDigits = seconds < 10 ? 1 : 0;
    const format = new Intl.NumberFormat(language, {
      style: 'unit',
      unit,
      unitDisplay: 'short',
      maximumFractionDigits,
    });
    return format.format(seconds / size);
  };
}
