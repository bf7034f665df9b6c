import { TenantModules } from '@/assignments/tenant-modules.tsx';
import { TenantPage } from '@/organizations/tenant-page.tsx';

/** The tenant's page, with its modules, which belong to another context. */
export function Tenant() {
  return <TenantPage modules={(organizationId) => <TenantModules organizationId={organizationId} />} />;
}
