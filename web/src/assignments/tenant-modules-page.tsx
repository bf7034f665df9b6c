import { Page } from '@/ui/page.tsx';

export function TenantModulesPage() {
  return <Page title="TenantModulesPage">{null}</Page>;
}
