/** Text without case, compatibility forms and what cannot be seen, as the API searches it: `Straße` is `STRASSE`. */
export const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');

// Modifier letters that people type for an apostrophe stand between words, as apostrophes do.
const BETWEEN = /(?:[^\p{L}\p{N}\p{M}]|[ʹʻʼʽʾʿˈ])+/u;

export const wordsOf = (text: string): string[] => folded(text).split(BETWEEN).filter(Boolean);

/** Whether every word of `q` occurs in one of the texts; symbols alone are looked for as they are. */
export function hasWords(q: string, ...texts: readonly (string | null)[]): boolean {
  const words = wordsOf(q);
  if (words.length === 0) return folded(texts.join(' ')).includes(folded(q.trim()));
  const text = wordsOf(texts.join(' ')).join(' ');
  return words.every((word) => text.includes(word));
}

const order = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/** Compares names as people sort them: `Ärzte` before `Bau`, `9` before `10`. */
export const byName = (one: string, other: string): number => order.compare(one, other);
