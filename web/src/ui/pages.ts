import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallbackRef } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

interface Asked<Page> {
  /** What the list is asked for: another key is another list. */
  readonly queryKey: readonly unknown[];
  readonly read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page>;
}

/** A page as far as it is known; `count` is null until it has been read once. */
export interface KnownPage {
  readonly cursor: string | undefined;
  readonly count: number | null;
}

/** So many rows before the end, the next page is read. */
const AHEAD = 40;

/** The chain of pages with what page `index` told of itself; the same chain when that is known. */
export function learned(chain: readonly KnownPage[], index: number, page: PageOf<unknown>): readonly KnownPage[] {
  const before = chain[index];
  const isFirst = index === 0 && before === undefined;
  if (before === undefined && !isFirst) return chain;
  const next = chain[index + 1];
  const same =
    before?.count === page.items.length &&
    (page.next_cursor === null ? next === undefined : next?.cursor === page.next_cursor);
  if (same) return chain;
  const known = [...chain.slice(0, index), { cursor: before?.cursor, count: page.items.length }];
  if (page.next_cursor === null) return known;
  // A page that begins elsewhere now tells its count when it is read.
  const after = next ? [{ ...next, cursor: page.next_cursor }] : [{ cursor: page.next_cursor, count: null }];
  return [...known, ...after, ...chain.slice(index + 2)];
}

/** Which pages, but for the first, rows from `first` to `last` need. */
export function needed(chain: readonly KnownPage[], first: number, last: number): readonly number[] {
  let start = 0;
  const found: number[] = [];
  chain.forEach(({ count }, index) => {
    const end = start + (count ?? 0);
    const isNear = start <= last + AHEAD && (count === null || end > first - AHEAD);
    if (index > 0 && isNear) found.push(index);
    start = end;
  });
  return found;
}

/**
 * A list of any length by keyset pages. Only pages near the rows on screen are read, and read again when something
 * happens: what 100,000 rows cost is what the few in sight cost.
 */
export function usePages<Page extends PageOf<unknown>>({ queryKey, read }: Asked<Page>) {
  const list = JSON.stringify(queryKey);
  const queryClient = useQueryClient();
  const [sight, setSight] = useState({ first: 0, last: 0 });
  const looked = useRef(sight);
  const [held, setHeld] = useState<{ list: string; chain: readonly KnownPage[] }>({ list, chain: [] });
  const of = (cursor: string | undefined) => ({
    queryKey: [...queryKey, { cursor: cursor ?? null }],
    queryFn: ({ signal }: { signal: AbortSignal }) => read(cursor, signal),
  });
  const first = useQuery({ ...of(undefined), placeholderData: keepPreviousData });
  const chain = held.list === list ? held.chain : [];
  const indexes = needed(chain, sight.first, sight.last);
  const later = useQueries({ queries: indexes.map((index) => of(chain[index]?.cursor)) });
  const data = new Map<number, Page>();
  if (first.data) data.set(0, first.data);
  later.forEach((result, position) => {
    const index = indexes[position];
    if (index !== undefined && result.data) data.set(index, result.data);
  });
  let now: readonly KnownPage[] = chain;
  if (!first.isPlaceholderData) for (const [index, page] of data) now = learned(now, index, page);
  if (now !== chain) setHeld({ list, chain: now });
  // Most rows that come into sight are of pages that are being shown already: then nothing has to be rendered for it.
  const look = useCallbackRef((firstRow: number, lastRow: number) => {
    looked.current = { first: firstRow, last: lastRow };
    if (String(needed(now, firstRow, lastRow)) !== String(indexes)) setSight(looked.current);
  });
  useEffect(() => look(looked.current.first, looked.current.last), [now, look]);
  const counts = first.isPlaceholderData ? [first.data.items.length] : now.map(({ count }) => count ?? 0);
  return {
    firstPage: first.data,
    isPending: first.isPending,
    /** What is shown belongs to what was asked before. */
    isPrevious: first.isPlaceholderData,
    error: first.error,
    /** A later page that could not be read; what is above it stands. */
    laterError: later.find((result) => result.error)?.error ?? null,
    retry: () => void Promise.all([first.refetch(), ...later.map((result) => result.refetch())]),
    count: counts.reduce((sum, count) => sum + count, 0),
    hasMore: !first.isPlaceholderData && now.some(({ count }) => count === null),
    /** The row at a position; undefined while its page is being read. */
    row: (position: number): Page['items'][number] | undefined => {
      let start = 0;
      for (const [index, count] of counts.entries()) {
        if (position < start + count) return data.get(index)?.items[position - start];
        start += count;
      }
      return undefined;
    },
    /** Tells which rows are in sight. */
    look,
    /** All rows that were read so far and are still held. */
    read: (): Page['items'][number][] =>
      now.flatMap(({ cursor }) => [...(queryClient.getQueryData<Page>(of(cursor).queryKey)?.items ?? [])]),
  };
}
