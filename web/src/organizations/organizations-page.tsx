import { IconBuilding } from '@tabler/icons-react';
import { Button } from '@mantine/core';
import { useCallbackRef } from '@mantine/hooks';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { operations } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { BulkBar } from '@/organizations/bulk-bar.tsx';
import { RecentBulk } from '@/organizations/recent-bulk.tsx';
import { type Shown, filterOf, isFiltered, queryOf } from '@/organizations/filter.ts';
import { NOTHING, type Selection } from '@/organizations/selection.ts';
import { OrganizationsFilters } from '@/organizations/organizations-filters.tsx';
import { OrganizationsTable } from '@/organizations/organizations-table.tsx';
import { Page } from '@/ui/page.tsx';
import { usePages } from '@/ui/pages.ts';
import { Empty, Failed, LoadingRows, NoMatch } from '@/ui/states.tsx';

const route = getRouteApi('/super-admin/tenants');
const PAGE = 100;

/** All tenants: found, filtered, chosen, and changed together. */
export function OrganizationsPage() {
  const m = useMessages();
  const shown = route.useSearch();
  const navigate = route.useNavigate();
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const query = queryOf(shown);
  const rows = usePages({
    queryKey: ['getOrganizations', query],
    read: async (cursor, signal) => {
      const paged = { ...query, limit: PAGE, ...(cursor ? { cursor } : { with_total: true }) };
      return (await operations.getOrganizations({ query: paged, signal, throwOnError: true })).data;
    },
  });
  const total = rows.firstPage?.total;
  const change = useCallbackRef((next: Shown) => {
    setSelection(NOTHING);
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  });
  const clear = () => {
    setSelection(NOTHING);
    void navigate({ search: { sort: shown.sort, desc: shown.desc }, replace: true });
  };
  const counted = total && m.tenants.count(total.count, total.is_exact);
  return (
    <Page title={m.tenants.title} subtitle={counted ?? m.tenants.subtitle} action={<RecentBulk />}>
      <OrganizationsFilters shown={shown} onChange={change} />
      {rows.error && rows.count === 0 ? (
        <Failed error={rows.error} onRetry={rows.retry} />
      ) : rows.isPending ? (
        <LoadingRows rows={12} height={36} />
      ) : rows.count === 0 && !rows.hasMore ? (
        isFiltered(shown) ? (
          <NoMatch onClear={clear} />
        ) : (
          <Empty
            icon={<IconBuilding size={24} />}
            title={m.tenants.none}
            hint={m.tenants.noneHint}
            action={
              <Button component={Link} to="/signup" variant="default">
                {m.tenants.toSignup}
              </Button>
            }
          />
        )
      ) : (
        <div style={{ opacity: rows.isPrevious ? 0.6 : 1, paddingBottom: 72 }}>
          <OrganizationsTable
            rows={rows}
            total={total?.is_exact === false ? -1 : total?.count}
            shown={shown}
            onSort={(sort, desc) =>
              void navigate({
                search: (before) => ({ ...before, sort, desc: desc ? true : undefined }),
                replace: true,
              })
            }
            selection={selection}
            onSelect={setSelection}
          />
          {rows.laterError && <Failed error={rows.laterError} onRetry={rows.retry} />}
        </div>
      )}
      <BulkBar
        selection={selection}
        total={total ?? null}
        loaded={rows.count}
        filter={filterOf(shown)}
        onSelect={setSelection}
      />
    </Page>
  );
}
