import { Badge } from '@mantine/core';
import { useMessages } from '@/i18n/messages.tsx';
import { StateDot } from '@/ui/state-dot.tsx';

export function TenantStatus({ status }: { status: 'active' | 'suspended' }) {
  const m = useMessages();
  return status === 'active' ? (
    <StateDot>{m.tenants.active}</StateDot>
  ) : (
    <Badge variant="light" color="orange">
      {m.tenants.suspended}
    </Badge>
  );
}
