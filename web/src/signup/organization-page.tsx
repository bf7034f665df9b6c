import { Button, Container } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconBuilding, IconPackages } from '@tabler/icons-react';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo } from 'react';
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

/** Shows the settings of one module, which are no business of this context. */
export type Settings = (of: {
  readonly organization: OrganizationInfo;
  readonly moduleId: string;
  readonly onClose: () => void;
}) => ReactNode;

/** An organization's own page: its modules, what each is for, and its settings. */
export function OrganizationPage({ settings }: { settings: Settings }) {
  const { organizationId } = usePerson();
  return (
    <Container size={1080} p={0}>
      {organizationId === null ? <NoOrganization /> : <Workspace id={organizationId} settings={settings} />}
    </Container>
  );
}

function Workspace({ id, settings }: { id: string; settings: Settings }) {
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
      <Modules organization={organization.data} settings={settings} />
    </Page>
  );
}

function Modules({ organization, settings }: { organization: OrganizationInfo; settings: Settings }) {
  const m = useMessages();
  const navigate = route.useNavigate();
  const { fresh, module } = route.useSearch();
  const { organization_id: id, industry_code: industry } = organization;
  const promised = useQuery({
    ...getIndustryModulesOptions({ path: { industry_code: industry ?? '' } }),
    enabled: fresh === 'building' && industry !== null,
  });
  const described = useQuery({ ...getAvailableModulesOptions(), staleTime: LONG_STALE_MS });
  const known = useMemo(() => new Map(described.data?.items.map((one) => [one.module_id, one])), [described.data]);
  const configure = (id: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, module: id }), resetScroll: false });
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
          known={known}
          onConfigure={organization.status === 'active' ? configure : null}
        />
      )}
      {module !== undefined && items.some((item) => item.module_id === module)
        ? settings({ organization, moduleId: module, onClose: () => configure(undefined) })
        : null}
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
