import { Page } from '@/ui/page.tsx';

export function IndustryPage() {
  return <Page title="IndustryPage">{null}</Page>;
}
