import { Page } from '@/ui/page.tsx';

export function BulkPage() {
  return <Page title="BulkPage">{null}</Page>;
}
