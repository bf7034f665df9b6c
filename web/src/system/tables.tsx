import { Badge, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SystemStatus } from '@modplane/client';
import { getOperationsOptions } from '@modplane/client/react-query';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';
import { Section } from '@/system/section.tsx';
import { sentenceOf } from '@/system/sentences.ts';
import { Copyable } from '@/ui/copyable.tsx';
import { OrganizationName } from '@/ui/names.tsx';
import { StateDot } from '@/ui/state-dot.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const SHOWN = 20;

export function Groups({ status }: { status: SystemStatus }) {
  const m = useMessages();
  const { consumers } = status;
  const { language } = useLanguage();
  const sentence = sentenceOf('consumers', status, language);
  const numbers = new Intl.NumberFormat(language);
  return (
    <Section title={m.system.groups} hint={sentence}>
      <Table miw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{m.system.group}</Table.Th>
            <Table.Th ta="right">{m.system.members}</Table.Th>
            <Table.Th ta="right">{m.system.lagColumn}</Table.Th>
            <Table.Th>{m.system.topics}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {consumers.groups.map(({ group, members, lag, topics }) => {
            const behind = topics.filter((topic) => topic.lag > 0);
            return (
              <Table.Tr key={group}>
                <Table.Td>
                  <Copyable value={group} />
                </Table.Td>
                <Table.Td ta="right">{members}</Table.Td>
                <Table.Td ta="right" fw={lag > 0 ? 600 : undefined}>
                  {numbers.format(lag)}
                </Table.Td>
                <Table.Td c={behind.length === 0 ? 'dimmed' : undefined}>
                  {behind.length === 0
                    ? m.system.allCaughtUp(topics.length)
                    : behind.map((topic) => m.system.behind(topic.topic, topic.lag)).join(', ')}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      {consumers.groups.length === 0 && (
        <Text p="md" c="dimmed" fz="sm">
          {sentence}
        </Text>
      )}
    </Section>
  );
}

export function Replicas({ status }: { status: SystemStatus }) {
  const m = useMessages();
  const { language } = useLanguage();
  return (
    <Section title={m.system.replicas} hint={sentenceOf('replicas', status, language)}>
      <Table miw={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{m.system.replica}</Table.Th>
            <Table.Th>{m.system.state}</Table.Th>
            <Table.Th>{m.system.role}</Table.Th>
            <Table.Th>{m.system.version}</Table.Th>
            <Table.Th>{m.system.reaches}</Table.Th>
            <Table.Th>{m.system.started}</Table.Th>
            <Table.Th>{m.system.seen}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {status.replicas.items.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Td>
                <Copyable value={one.name} />
              </Table.Td>
              <Table.Td>
                {one.state === 'running' ? (
                  <StateDot>{m.system.running}</StateDot>
                ) : (
                  <Badge variant="light" color="orange">
                    {m.system[one.state]}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>{one.role}</Table.Td>
              <Table.Td>{one.version}</Table.Td>
              <Table.Td>
                {[one.reaches_kafka ? m.system.kafka : null, one.reaches_redis ? m.system.redis : null]
                  .filter(Boolean)
                  .join(', ') || m.common.none}
              </Table.Td>
              <Table.Td>
                <TimeAgo at={one.started_at} />
              </Table.Td>
              <Table.Td>
                <TimeAgo at={one.seen_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

/** Commands that were answered before they were decided, the oldest first. */
export function WaitingOperations() {
  const m = useMessages();
  const { data } = useQuery({
    ...getOperationsOptions({ query: { status: 'pending', limit: SHOWN } }),
    refetchInterval: 5_000,
    retry: false,
  });
  const items = data?.items ?? [];
  return (
    <Section title={m.system.waitingTitle}>
      {items.length === 0 ? (
        <Text p="md" c="dimmed" fz="sm">
          {m.system.nothingWaits}
        </Text>
      ) : (
        <Table miw={640}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{m.system.command}</Table.Th>
              <Table.Th>{m.system.subject}</Table.Th>
              <Table.Th>{m.system.asked}</Table.Th>
              <Table.Th>{m.common.operation}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((one) => (
              <Table.Tr key={one.operation_id}>
                <Table.Td>{one.command.replaceAll('_', ' ')}</Table.Td>
                <Table.Td>
                  {one.organization_id === null ? (
                    <Copyable value={one.aggregate_id} />
                  ) : (
                    <OrganizationName id={one.organization_id} />
                  )}
                </Table.Td>
                <Table.Td>
                  <TimeAgo at={one.created_at} />
                </Table.Td>
                <Table.Td>
                  <Copyable value={one.operation_id} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  );
}
