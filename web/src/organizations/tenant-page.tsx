import { Page } from '@/ui/page.tsx';

export function TenantPage() {
  return <Page title="TenantPage">{null}</Page>;
}
