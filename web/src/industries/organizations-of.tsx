import { Anchor, Badge, Button, Table } from '@mantine/core';
import { IconBuilding } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { getIndustryOrganizationsInfiniteOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { StateDot } from '@/ui/state-dot.tsx';
import { Empty, Failed, LoadingRows } from '@/ui/states.tsx';

/** Those that have the template applied, page by page, as options for both who lists and who chooses. */
export const organizationsOf = (code: string, version?: 'older') => ({
  ...getIndustryOrganizationsInfiniteOptions({
    path: { industry_code: code },
    query: { limit: 100, ...(version ? { version } : {}) },
  }),
  initialData: undefined,
  initialPageParam: { path: { industry_code: code } },
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor,
});

/** Who is on which version. */
export function OrganizationsOf({ code, current }: { code: string; current: number }) {
  const m = useMessages().industries;
  const pages = useInfiniteQuery(organizationsOf(code));
  if (pages.isPending) return <LoadingRows rows={6} />;
  if (pages.isError) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  const tenants = pages.data.pages.flatMap((page) => page.items);
  if (tenants.length === 0) {
    return <Empty icon={<IconBuilding size={24} />} title={m.noTenants} hint={m.publishNobody} />;
  }
  return (
    <>
      <Table maw={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{m.name}</Table.Th>
            <Table.Th w={160}>{m.version}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tenants.map((one) => (
            <Table.Tr key={one.organization_id}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                <Anchor
                  fz="sm"
                  renderRoot={(props) => (
                    <Link {...props} to="/super-admin/tenants/$id" params={{ id: one.organization_id }} />
                  )}
                >
                  {one.name}
                </Anchor>
              </Table.Td>
              <Table.Td>
                {one.version === current ? (
                  <StateDot>{m.versionOf(one.version)}</StateDot>
                ) : (
                  <Badge variant="light" color="orange">
                    {m.versionOf(one.version)}
                  </Badge>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {pages.hasNextPage && (
        <Button variant="default" onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
          {m.moreTenants}
        </Button>
      )}
    </>
  );
}
