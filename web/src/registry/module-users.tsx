import { Anchor, Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconBuilding, IconBuildingStore } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ModuleDetails, ModuleUsage, Source } from '@modplane/client';
import {
  getIndustriesOptions,
  getModuleIndustriesInfiniteOptions,
  getModuleOrganizationsInfiniteOptions,
} from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { thirtyDays } from '@/registry/selection.ts';
import { Sparkline } from '@/ui/sparkline.tsx';
import { Empty, Failed, LoadingRows } from '@/ui/states.tsx';

const PAGE = 50;

interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => unknown;
}

function More({ list }: { list: Pages }) {
  const m = useMessages();
  if (!list.hasNextPage) return null;
  return (
    <Button variant="default" size="xs" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
      {m.common.more}
    </Button>
  );
}

/** The tenants that have a module, each with why. */
export function UsedByTab({ module, usage }: { module: ModuleDetails; usage: ModuleUsage | undefined }) {
  const m = useMessages();
  const path = { module_id: module.module_id };
  const list = useInfiniteQuery({
    ...getModuleOrganizationsInfiniteOptions({ path, query: { limit: PAGE } }),
    initialData: undefined,
    initialPageParam: { path },
    getNextPageParam: (page) => page.next_cursor,
  });
  if (list.isPending) return <LoadingRows rows={5} />;
  if (list.isError) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const tenants = list.data.pages.flatMap((page) => page.items);
  if (tenants.length === 0) {
    return <Empty icon={<IconBuilding size={24} />} title={m.modules.notUsed} hint={m.modules.notUsedHint} />;
  }
  const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
  const line = usage && m.modules.last30Days(sum(usage.assigned), sum(usage.unassigned));
  return (
    <Stack>
      <Group justify="space-between">
        <Text fz="sm">{m.common.tenants(list.data.pages[0]?.count ?? tenants.length)}</Text>
        {usage && (
          <Group gap={8}>
            <Text fz="xs" c="dimmed">
              {line}
            </Text>
            <Sparkline values={thirtyDays(usage)} label={line ?? ''} width={120} height={24} />
          </Group>
        )}
      </Group>
      <Table aria-label={m.modules.usedBy}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{m.modules.tenant}</Table.Th>
            <Table.Th>{m.modules.why}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tenants.map((tenant) => (
            <Table.Tr key={tenant.organization_id}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                <Anchor
                  renderRoot={(root) => (
                    <Link to="/super-admin/tenants/$id/modules" params={{ id: tenant.organization_id }} {...root} />
                  )}
                  fz="sm"
                >
                  {tenant.name}
                </Anchor>
                {tenant.status === 'suspended' && (
                  <Badge ml={8} size="sm" variant="light" color="orange">
                    {m.modules.suspended}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <Why sources={tenant.sources} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More list={list} />
    </Stack>
  );
}

function Why({ sources }: { sources: readonly Source[] }) {
  const m = useMessages();
  const { data } = useQuery({
    ...getIndustriesOptions({ query: { include_inactive: true } }),
    staleTime: 60_000,
  });
  const nameOf = (code: string) => data?.items.find((one) => one.industry_code === code)?.industry_name ?? code;
  return (
    <Group gap={4}>
      {sources.map((source) => (
        <Badge
          key={`${source.kind} ${source.industry_code ?? ''}`}
          variant="light"
          color="gray"
          tt="none"
          fw={500}
          maw="100%"
        >
          {source.industry_code === null
            ? m.modules.byHand
            : `${nameOf(source.industry_code)} v${source.version ?? ''}`}
        </Badge>
      ))}
    </Group>
  );
}

/** The templates that contain a module, required or optional. */
export function TemplatesTab({ module }: { module: ModuleDetails }) {
  const m = useMessages();
  const path = { module_id: module.module_id };
  const list = useInfiniteQuery({
    ...getModuleIndustriesInfiniteOptions({ path, query: { limit: PAGE } }),
    initialData: undefined,
    initialPageParam: { path },
    getNextPageParam: (page) => page.next_cursor,
  });
  if (list.isPending) return <LoadingRows rows={5} />;
  if (list.isError) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const templates = list.data.pages.flatMap((page) => page.items);
  const first = list.data.pages[0];
  if (templates.length === 0 || first === undefined) {
    return (
      <Empty icon={<IconBuildingStore size={24} />} title={m.modules.inNoTemplate} hint={m.modules.inNoTemplateHint} />
    );
  }
  return (
    <Stack>
      <Text fz="sm">{m.modules.templatesCount(first.count, first.required_count)}</Text>
      <Table aria-label={m.modules.templates}>
        <Table.Tbody>
          {templates.map((template) => (
            <Table.Tr key={template.industry_code}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                <Anchor
                  renderRoot={(root) => (
                    <Link to="/super-admin/industries/$code" params={{ code: template.industry_code }} {...root} />
                  )}
                  fz="sm"
                >
                  {template.industry_name}
                </Anchor>
                <Text fz="xs" c="dimmed">
                  v{template.version}
                </Text>
              </Table.Td>
              <Table.Td ta="right">
                <Group gap={6} justify="flex-end">
                  {!template.is_active && (
                    <Badge size="sm" variant="light" color="gray">
                      {m.modules.inactive}
                    </Badge>
                  )}
                  <Badge size="sm" variant="light" color={template.is_required ? 'indigo' : 'gray'}>
                    {template.is_required ? m.modules.required : m.modules.optional}
                  </Badge>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More list={list} />
    </Stack>
  );
}
