import { useMessages } from '@/i18n/messages.tsx';
import { RowBadge } from '@/ui/row-parts.tsx';
import { StateDot } from '@/ui/state-dot.tsx';

export function OrganizationStatus({ status }: { status: 'active' | 'suspended' }) {
  const m = useMessages();
  return status === 'active' ? (
    <StateDot>{m.tenants.active}</StateDot>
  ) : (
    <RowBadge tone="orange">{m.tenants.suspended}</RowBadge>
  );
}
