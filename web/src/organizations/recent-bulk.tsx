import { Badge, Button, Group, Indicator, Menu, Text } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { getBulkOperationsOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { commandInWords } from '@/organizations/bulk-commands.ts';
import { TimeAgo } from '@/ui/time-ago.tsx';
import { useNames } from '@/organizations/use-names.ts';

const SHOWN = 8;

/** The bulk actions of late: the way back to one whose tab was closed. Nothing while there were none. */
export const RecentBulk = memo(function RecentBulk() {
  const m = useMessages();
  const recent = useQuery(getBulkOperationsOptions({ query: { limit: SHOWN } }));
  const items = recent.data?.items ?? [];
  const named = useNames();
  if (items.length === 0) return null;
  const running = items.some((one) => one.finished_at === null);
  return (
    <Indicator disabled={!running} processing color="indigo" offset={4}>
      <Menu position="bottom-end" width={340}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconStack2 size={16} aria-hidden />}>
            {m.tenants.bulkActions}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {items.map((one) => (
            <Menu.Item
              key={one.bulk_operation_id}
              component={Link}
              to={`/super-admin/bulk/${one.bulk_operation_id}`}
              rightSection={
                one.finished_at === null ? (
                  <Badge variant="light" tt="none" fw={500}>
                    {m.tenants.bulkStatus[one.status]}
                  </Badge>
                ) : undefined
              }
            >
              <Text fz="sm" truncate>
                {commandInWords(one.command, m, named)}
              </Text>
              <Group gap={6}>
                <TimeAgo at={one.created_at} fz="xs" c="dimmed" />
              </Group>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Indicator>
  );
});
