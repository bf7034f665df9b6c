import { Badge } from '@mantine/core';
import { useMessages } from '@/i18n/messages.tsx';

export function TenantStatus({ status }: { status: 'active' | 'suspended' }) {
  const m = useMessages();
  return status === 'active' ? (
    <Badge variant="light" color="teal" tt="none" fw={500}>
      {m.tenants.active}
    </Badge>
  ) : (
    <Badge variant="light" color="orange" tt="none" fw={500}>
      {m.tenants.suspended}
    </Badge>
  );
}
