import { ActionIcon, Button, Divider, Group, Menu, Paper, Text, Transition } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconDots, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { OrganizationFilter, Total } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { BulkDialog } from '@/organizations/bulk-dialog.tsx';
import { ACTIONS, type Action } from '@/organizations/bulk-commands.ts';
import { NOTHING, type Selection, isEmpty } from '@/organizations/selection.ts';

/** What can be done with the chosen tenants. Floats over the foot of the list while some are chosen. */
export function BulkBar({
  selection,
  total,
  loaded,
  filter,
  onSelect,
}: {
  selection: Selection;
  total: Total | null;
  loaded: number;
  filter: OrganizationFilter;
  onSelect: (selection: Selection) => void;
}) {
  const m = useMessages();
  const isWide = useMediaQuery('(min-width: 62em)', true);
  const [action, setAction] = useState<Action | null>(null);
  const isAll = selection.kind === 'all';
  const words =
    selection.kind === 'all'
      ? m.tenants.allSelected(selection.count, total?.is_exact ?? true)
      : m.common.selected(selection.ids.size);
  const canWiden = !isAll && selection.ids.size >= Math.min(loaded, total?.count ?? loaded) && loaded > 0;
  const wider = total !== null && total.count > (selection.kind === 'some' ? selection.ids.size : 0);
  return (
    <>
      <Transition mounted={!isEmpty(selection)} transition="slide-up" duration={150}>
        {(style) => (
          <Paper
            component="section"
            aria-label={m.tenants.bulk}
            shadow="md"
            p={8}
            style={{
              ...style,
              position: 'fixed',
              bottom: 16,
              left: '50%',
              translate: '-50% 0',
              zIndex: 90,
              maxWidth: 'calc(100vw - 24px)',
            }}
          >
            <Group gap={8} wrap="nowrap">
              <Text fz="sm" fw={600} px={8} style={{ whiteSpace: 'nowrap' }} aria-live="polite">
                {words}
              </Text>
              {canWiden && wider && (
                <Button
                  size="compact-sm"
                  variant="subtle"
                  onClick={() => onSelect({ kind: 'all', count: total.count })}
                >
                  {m.tenants.selectAll(total.count, total.is_exact)}
                </Button>
              )}
              <Divider orientation="vertical" />
              {isWide ? (
                ACTIONS.map((one) => (
                  <Button key={one} size="compact-sm" variant="default" onClick={() => setAction(one)}>
                    {m.tenants.actions[one]}
                  </Button>
                ))
              ) : (
                <>
                  <Button size="compact-sm" variant="default" onClick={() => setAction(ACTIONS[0])}>
                    {m.tenants.actions[ACTIONS[0]]}
                  </Button>
                  <Menu position="top-end">
                    <Menu.Target>
                      <ActionIcon variant="default" aria-label={m.common.more}>
                        <IconDots size={16} />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      {ACTIONS.slice(1).map((one) => (
                        <Menu.Item key={one} onClick={() => setAction(one)}>
                          {m.tenants.actions[one]}
                        </Menu.Item>
                      ))}
                    </Menu.Dropdown>
                  </Menu>
                </>
              )}
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={m.tenants.clearSelection}
                onClick={() => onSelect(NOTHING)}
              >
                <IconX size={16} />
              </ActionIcon>
            </Group>
          </Paper>
        )}
      </Transition>
      {action !== null && (
        <BulkDialog action={action} selection={selection} filter={filter} onClose={() => setAction(null)} />
      )}
    </>
  );
}
