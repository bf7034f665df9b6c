import { OrganizationModules } from '@/assignments/organization-modules.tsx';
import { OrganizationPage } from '@/organizations/organization-page.tsx';

/** The tenant's page, with its modules, which belong to another context. */
export function Tenant() {
  return <OrganizationPage modules={(organizationId) => <OrganizationModules organizationId={organizationId} />} />;
}
