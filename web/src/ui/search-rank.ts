/** Text as people compare it: without case, accents and compatibility forms. */
export function folded(text: string): string {
  // Plain ASCII, by far the most of it, needs no more.
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase();
  // Upper case first: it alone writes ß as two letters.
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase();
}

/** What something is searched by: its code and names, which count most, and what else is told of it. */
export interface Searched {
  readonly names: readonly string[];
  readonly about?: readonly (string | null | undefined)[];
}

/** What a module is searched by, wherever modules are searched. */
export const searchedModule = (one: { module_id: string; module_name: string; category: string }): Searched => ({
  names: [one.module_id, one.module_name],
  about: [one.category],
});

/** What an industry is searched by, wherever industries are searched. */
export const searchedIndustry = (one: {
  industry_code: string;
  industry_name: string;
  description: string;
}): Searched => ({
  names: [one.industry_code, one.industry_name],
  about: [one.description],
});

const WORD_START = /(?:^|[^\p{L}\p{N}])/u;

/** How well something fits: 0 exactly, 1 by its beginning, 2 by the beginnings of words, 3 and 4 inside; null: not at all. */
export function rank(query: string, { names, about = [] }: Searched): number | null {
  const asked = folded(query).trim();
  const own = names.map(folded);
  if (own.includes(asked)) return 0;
  if (own.some((name) => name.startsWith(asked))) return 1;
  const words = asked.split(/\s+/);
  const starts = own.flatMap((name) => name.split(WORD_START));
  if (words.every((word) => starts.some((start) => start.startsWith(word)))) return 2;
  const inside = own.join('\n');
  if (words.every((word) => inside.includes(word))) return 3;
  const all = [inside, ...about.map((text) => folded(text ?? ''))].join('\n');
  return words.every((word) => all.includes(word)) ? 4 : null;
}

/** The items that fit, the best first; equals stay in their order. All of them when nothing is asked. */
export function bestFirst<Item>(
  items: readonly Item[],
  query: string,
  searched: (item: Item) => Searched,
): readonly Item[] {
  if (query.trim() === '') return items;
  return items
    .flatMap((item) => {
      const fit = rank(query, searched(item));
      return fit === null ? [] : [{ item, fit }];
    })
    .sort((one, other) => one.fit - other.fit)
    .map(({ item }) => item);
}
