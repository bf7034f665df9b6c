import { Page } from '@/ui/page.tsx';

export function IndustriesPage() {
  return <Page title="IndustriesPage">{null}</Page>;
}
