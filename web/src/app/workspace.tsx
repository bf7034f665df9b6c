import { ConfigDrawer } from '@/assignments/config-drawer.tsx';
import { OrganizationPage } from '@/signup/organization-page.tsx';

/** An organization's own page, with the settings of its modules, which belong to another context. */
export function OwnWorkspace() {
  return (
    <OrganizationPage
      settings={({ organization, moduleId, onClose }) => (
        <ConfigDrawer
          organizationId={organization.organization_id}
          moduleId={moduleId}
          organizationName={organization.name}
          industryOf={(code) => (code === organization.industry_code ? (organization.industry_name ?? code) : code)}
          onClose={onClose}
        />
      )}
    />
  );
}
