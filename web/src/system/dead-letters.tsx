import { ActionIcon, Badge, Button, Group, SegmentedControl, Table, Text } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Fragment } from 'react';
import { type DeadLetter, operations } from '@modplane/client';
import { getDeadLettersInfiniteQueryKey } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { LetterDetails } from '@/system/letter-details.tsx';
import { Section } from '@/system/section.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const route = getRouteApi('/super-admin/system');

const HANDLED = ['retried', 'resolved', 'dropped'] as const;
const STATUSES = ['open', ...HANDLED] as const;

/** What was set aside: why, what it holds, and what to do about it. */
export function DeadLetters() {
  const m = useMessages();
  const { status = 'open', letter: opened } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery({
    queryKey: getDeadLettersInfiniteQueryKey({ query: { status } }),
    queryFn: ({ pageParam: cursor, signal }) =>
      operations
        .getDeadLetters({
          query: { status, limit: 20, ...(cursor !== null && { cursor }) },
          signal,
          throwOnError: true,
        })
        .then((answer) => answer.data),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const letters = list.data?.pages.flatMap((page) => page.items) ?? [];
  const toggle = (id: string) =>
    void navigate({ search: (old) => ({ ...old, letter: opened === id ? undefined : id }), replace: true });
  return (
    <Section
      title={m.system.deadLetters}
      hint={m.system.noLettersHint}
      action={
        <SegmentedControl
          size="xs"
          transitionDuration={0}
          aria-label={m.system.letterStatus}
          value={status}
          onChange={(value) =>
            void navigate({
              search: { status: HANDLED.find((one) => one === value) },
              replace: true,
            })
          }
          data={STATUSES.map((value) => ({ value, label: m.system.statuses[value] }))}
        />
      }
    >
      {list.isPending ? (
        <LoadingRows rows={1} />
      ) : list.isError ? (
        <Failed error={list.error} onRetry={() => void list.refetch()} />
      ) : letters.length === 0 ? (
        <Text p="md" c="dimmed" fz="sm">
          {m.system.noLetters}
        </Text>
      ) : (
        <Table miw={720}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={40} />
              <Table.Th>{m.system.kind}</Table.Th>
              <Table.Th>{m.system.error}</Table.Th>
              <Table.Th>{m.system.source}</Table.Th>
              <Table.Th ta="right">{m.system.retries}</Table.Th>
              <Table.Th>{m.system.age}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {letters.map((letter) => (
              <Fragment key={letter.id}>
                <Row letter={letter} isOpen={opened === letter.id} onToggle={() => toggle(letter.id)} />
                {opened === letter.id && (
                  <Table.Tr>
                    <Table.Td colSpan={6} p={0}>
                      <LetterDetails letter={letter} />
                    </Table.Td>
                  </Table.Tr>
                )}
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {list.hasNextPage && (
        <Group justify="center" p="sm">
          <Button
            variant="default"
            size="compact-sm"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {m.system.more}
          </Button>
        </Group>
      )}
    </Section>
  );
}

function Row({ letter, isOpen, onToggle }: { letter: DeadLetter; isOpen: boolean; onToggle: () => void }) {
  const m = useMessages();
  return (
    <Table.Tr onClick={onToggle} className="row-link">
      <Table.Td>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-expanded={isOpen}
          aria-label={isOpen ? m.system.hide : m.system.details}
        >
          <IconChevronRight size={16} aria-hidden style={{ transform: isOpen ? 'rotate(90deg)' : undefined }} />
        </ActionIcon>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color="gray" tt="none" fw={500}>
          {m.system.kinds[letter.kind]}
        </Badge>
      </Table.Td>
      <Table.Td maw={420}>
        <Text fz="sm" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
          {letter.error}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text fz="xs" ff="monospace">
          {letter.source}
        </Text>
      </Table.Td>
      <Table.Td ta="right">{letter.retries}</Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>
        <TimeAgo at={letter.created_at} />
      </Table.Td>
    </Table.Tr>
  );
}
