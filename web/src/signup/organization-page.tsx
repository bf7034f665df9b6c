import { Button, Container } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconBuilding, IconPackages } from '@tabler/icons-react';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { OrganizationInfo } from '@modplane/client';
import {
  getAvailableModulesOptions,
  getIndustryModulesOptions,
  getOrganizationInfoOptions,
  getOrganizationModulesOptions,
} from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { usePerson } from '@/session/session.tsx';
import { Welcome } from '@/signup/welcome.tsx';
import { WorkspaceModules } from '@/signup/workspace-modules.tsx';
import { Page } from '@/ui/page.tsx';
import { Empty, Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const route = getRouteApi('/organization/');

/** While modules are awaited, they are also asked for: the event stream may be away. */
const ASK_MS = 1_500;
const LONG_STALE_MS = 300_000;

/** An organization's own page: its modules, what each is for, and its settings. */
export function OrganizationPage() {
  const { organizationId } = usePerson();
  return (
    <Container size={1080} p={0}>
      {organizationId === null ? <NoOrganization /> : <Workspace id={organizationId} />}
    </Container>
  );
}

function Workspace({ id }: { id: string }) {
  const m = useMessages();
  const organization = useQuery(getOrganizationInfoOptions({ path: { organization_id: id } }));
  if (organization.isError && organization.data === undefined) {
    return (
      <Page title={m.workspace.title}>
        <Failed error={organization.error} onRetry={() => void organization.refetch()} />
      </Page>
    );
  }
  if (organization.data === undefined) return <LoadingRows rows={6} height={72} />;
  const { name, industry_name: industry, created_at: since } = organization.data;
  const facts = (
    <>
      {industry !== null && `${industry} · `}
      {m.workspace.since} <TimeAgo at={since} />
    </>
  );
  return (
    <Page title={name} subtitle={facts}>
      <Modules organization={organization.data} />
    </Page>
  );
}

function Modules({ organization }: { organization: OrganizationInfo }) {
  const m = useMessages();
  const navigate = route.useNavigate();
  const { fresh } = route.useSearch();
  const { organization_id: id, industry_code: industry } = organization;
  const promised = useQuery({
    ...getIndustryModulesOptions({ path: { industry_code: industry ?? '' } }),
    enabled: fresh === 'building' && industry !== null,
  });
  const described = useQuery({ ...getAvailableModulesOptions(), staleTime: LONG_STALE_MS });
  const modules = useQuery({
    ...getOrganizationModulesOptions({ path: { organization_id: id } }),
    refetchInterval: fresh === 'building' ? ASK_MS : false,
  });
  const here = new Set(modules.data?.items.map((item) => item.module_id));
  const awaited =
    fresh === 'building'
      ? (promised.data?.items.filter((item) => item.state === 'assignable' && !here.has(item.module_id)) ?? [])
      : [];
  const isBuilt = fresh === 'building' && modules.data !== undefined && promised.data !== undefined && !awaited.length;
  useEffect(() => {
    if (isBuilt) void navigate({ search: { fresh: 'ready' }, replace: true });
  }, [isBuilt, navigate]);
  if (modules.isError && modules.data === undefined) {
    return <Failed error={modules.error} onRetry={() => void modules.refetch()} />;
  }
  if (modules.data === undefined) return <LoadingRows rows={6} height={96} isGrid />;
  const { items } = modules.data;
  return (
    <>
      {fresh !== undefined && (
        <Welcome
          fresh={fresh}
          name={organization.name}
          done={items.length}
          awaited={awaited.length}
          onClose={() => void navigate({ search: {}, replace: true })}
        />
      )}
      {items.length + awaited.length === 0 ? (
        <Empty icon={<IconPackages size={24} />} title={m.workspace.noModules} hint={m.workspace.noModulesHint} />
      ) : (
        <WorkspaceModules
          items={items}
          awaited={awaited}
          industryName={organization.industry_name}
          descriptions={new Map(described.data?.items.map((one) => [one.module_id, one.description]))}
        />
      )}
    </>
  );
}

function NoOrganization() {
  const m = useMessages();
  return (
    <Page title={m.workspace.title}>
      <Empty
        icon={<IconBuilding size={24} />}
        title={m.workspace.noOrganization}
        hint={m.workspace.noOrganizationHint}
        action={
          <Button component={Link} to="/super-admin/tenants" variant="default">
            {m.workspace.toTenants}
          </Button>
        }
      />
    </Page>
  );
}
