import { folded, hasWords, wordsOf } from '@/ui/words.ts';

/** What something is searched by: its code and names, which count most, and what else is told of it. */
export interface Searched {
  readonly names: readonly string[];
  readonly about?: readonly (string | null)[];
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

/** How well something fits: 0 exactly, 1 by its beginning, 2 by the beginnings of words, 3 and 4 inside; null: not at all. */
export function rank(query: string, { names, about = [] }: Searched): number | null {
  const asked = folded(query).trim();
  const own = names.map(folded);
  if (own.includes(asked)) return 0;
  if (own.some((name) => name.startsWith(asked))) return 1;
  const words = wordsOf(query);
  const starts = names.flatMap(wordsOf);
  if (words.length > 0 && words.every((word) => starts.some((start) => start.startsWith(word)))) return 2;
  if (hasWords(query, ...names)) return 3;
  return hasWords(query, ...names, ...about) ? 4 : null;
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
