import { Anchor, Button, Group, Tabs, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type OrganizationDetails, operations, outcome } from '@modplane/client';
import { getOrganizationOptions, getUsersOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { OrganizationActivity } from '@/organizations/organization-activity.tsx';
import { OrganizationOverview } from '@/organizations/organization-overview.tsx';
import { OrganizationStatus } from '@/organizations/organization-status.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { BackLink } from '@/ui/back-link.tsx';
import { Page } from '@/ui/page.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const route = getRouteApi('/super-admin/tenants/$id');
const TABS = ['overview', 'modules', 'activity'] as const;

/** One tenant. `modules` shows its modules, which are no business of this context. */
export function OrganizationPage({ modules }: { modules: (organizationId: string) => ReactNode }) {
  const m = useMessages();
  const { id } = route.useParams();
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const tenant = useQuery(getOrganizationOptions({ path: { organization_id: id } }));
  const shown = TABS.find((one) => one === tab) ?? 'overview';
  const above = <BackLink to="/super-admin/tenants">{m.tenants.title}</BackLink>;
  if (tenant.data === undefined) {
    return (
      <Page title={m.tenants.tenant} above={above}>
        {tenant.error ? <Failed error={tenant.error} onRetry={() => void tenant.refetch()} /> : <LoadingRows />}
      </Page>
    );
  }
  const titles = { overview: m.tenants.overview, modules: m.tenants.modulesTab, activity: m.tenants.activity };
  return (
    <Page
      title={tenant.data.name}
      above={above}
      subtitle={<Facts tenant={tenant.data} />}
      action={<SuspendOrBack tenant={tenant.data} />}
    >
      <Tabs
        value={shown}
        onChange={(value) =>
          void navigate({ search: value === 'overview' ? {} : { tab: TABS.find((one) => one === value) } })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {titles[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <OrganizationOverview tenant={tenant.data} />
        </Tabs.Panel>
        <Tabs.Panel value="modules">{modules(id)}</Tabs.Panel>
        <Tabs.Panel value="activity">
          <OrganizationActivity organizationId={id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Facts({ tenant }: { tenant: OrganizationDetails }) {
  const m = useMessages();
  const people = useQuery({
    ...getUsersOptions({ query: { organization_id: tenant.organization_id, limit: 100 } }),
    staleTime: 60_000,
  });
  const owner = people.data?.items.find((user) => user.id === tenant.owner_id);
  return (
    <Group gap="4px 16px" mt={4}>
      <OrganizationStatus status={tenant.status} />
      {tenant.industry_code === null ? (
        <Text inherit>{m.tenants.noIndustry}</Text>
      ) : (
        <Anchor component={Link} to={`/super-admin/industries/${tenant.industry_code}`} fz="sm">
          {tenant.industry_name ?? tenant.industry_code}
        </Anchor>
      )}
      <span>
        {m.tenants.createdAt} <TimeAgo at={tenant.created_at} />
      </span>
      {owner && (
        <Group gap={6} wrap="nowrap" maw="100%" style={{ minWidth: 0 }}>
          <span>{m.tenants.admin}</span>
          <Copyable value={owner.email} isText label={m.tenants.admin} />
        </Group>
      )}
      <Copyable value={tenant.organization_id} label={m.tenants.id} />
    </Group>
  );
}

function SuspendOrBack({ tenant }: { tenant: OrganizationDetails }) {
  const m = useMessages();
  const path = { organization_id: tenant.organization_id };
  const suspend = () => outcome({}, (headers) => operations.suspendOrganization({ path, headers, throwOnError: true }));
  const reactivate = () =>
    outcome({}, (headers) => operations.reactivateOrganization({ path, headers, throwOnError: true }));
  const isActive = tenant.status === 'active';
  const change = useMutation({
    mutationFn: isActive ? suspend : reactivate,
    onSuccess: () =>
      notifyDone(
        isActive ? m.tenants.suspendedNow(tenant.name) : m.tenants.reactivatedNow(tenant.name),
        m,
        isActive ? reactivate : suspend,
      ),
  });
  return (
    <Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
      {isActive ? m.tenants.actions.suspend : m.tenants.actions.reactivate}
    </Button>
  );
}
