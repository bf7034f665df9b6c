import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { getOrganizationOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { OrganizationModules } from '@/assignments/organization-modules.tsx';
import { BackLink } from '@/ui/back-link.tsx';
import { Page } from '@/ui/page.tsx';
import { Failed } from '@/ui/states.tsx';

const route = getRouteApi('/super-admin/tenants/$id/modules');

/** A tenant's modules on a page of their own. */
export function OrganizationModulesPage() {
  const m = useMessages();
  const { id } = route.useParams();
  const tenant = useQuery(getOrganizationOptions({ path: { organization_id: id } }));
  return (
    <Page
      title={tenant.data ? m.assignments.pageTitle(tenant.data.name) : m.assignments.modules}
      above={<BackLink to={`/super-admin/tenants/${id}`}>{tenant.data?.name ?? m.assignments.tenant}</BackLink>}
    >
      {tenant.error && tenant.data === undefined ? (
        <Failed error={tenant.error} onRetry={() => void tenant.refetch()} />
      ) : (
        <OrganizationModules organizationId={id} />
      )}
    </Page>
  );
}
