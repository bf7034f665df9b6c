import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type EventPage, type LoggedEvent, operations } from '@modplane/client';
import { getEventsInfiniteQueryKey, getEventsOptions } from '@modplane/client/react-query';
import type { EventQuery } from '@/audit/filter.ts';

const PAGE = 50;

/**
 * The events of a filter, page by page, and those that came since.
 *
 * What is listed stays as it is, so that nothing moves under the pointer: `fresh` came meanwhile, `take` lists it.
 */
export function useEvents(query: EventQuery) {
  const queryClient = useQueryClient();
  const queryKey = getEventsInfiniteQueryKey({ query: { ...query, limit: PAGE } });
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam: cursor, signal }) =>
      operations
        .getEvents({ query: { ...query, limit: PAGE, ...(cursor !== null && { cursor }) }, signal, throwOnError: true })
        .then((answer) => answer.data),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: 'static',
    gcTime: 0,
  });
  const newest = useQuery(getEventsOptions({ query: { ...query, limit: PAGE } }));
  const events = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const fresh = useMemo(
    () => unseen(newest.data?.items ?? [], events, list.isSuccess),
    [newest.data, events, list.isSuccess],
  );
  const isGap = fresh.length === PAGE;
  const take = () => {
    // More came than one page holds: what is between is not known, so the list begins anew.
    if (isGap) return void queryClient.resetQueries({ queryKey, exact: true });
    queryClient.setQueryData<InfiniteData<EventPage>>(queryKey, (data) => data && prepended(data, fresh));
  };
  return { list, events, fresh, isGap, take };
}

function unseen(newest: readonly LoggedEvent[], listed: readonly LoggedEvent[], isLoaded: boolean): LoggedEvent[] {
  if (!isLoaded) return [];
  const known = new Set(listed.slice(0, PAGE * 2).map((event) => event.event_id));
  const end = newest.findIndex((event) => known.has(event.event_id));
  return newest.slice(0, end === -1 ? newest.length : end);
}

function prepended(data: InfiniteData<EventPage>, fresh: readonly LoggedEvent[]): InfiniteData<EventPage> {
  const [first, ...others] = data.pages;
  return first === undefined ? data : { ...data, pages: [{ ...first, items: [...fresh, ...first.items] }, ...others] };
}
