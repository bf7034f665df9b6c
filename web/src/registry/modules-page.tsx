import { Page } from '@/ui/page.tsx';

export function ModulesPage() {
  return <Page title="ModulesPage">{null}</Page>;
}
