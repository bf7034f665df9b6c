import { ActionIcon, Anchor, Group, Menu, Switch, Table, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { KeyboardEvent, ReactNode } from 'react';
import type { ModuleDetails } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { type Sorting, ModulesHead } from '@/registry/modules-head.tsx';
import { type Usages, thirtyDays, used } from '@/registry/selection.ts';
import { Copyable } from '@/ui/copyable.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { Sparkline } from '@/ui/sparkline.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';
import { VirtualTable } from '@/ui/virtual-table.tsx';

export interface ModuleActions {
  readonly onOpen: (module: ModuleDetails, tab?: string) => void;
  readonly onEdit: (module: ModuleDetails) => void;
  readonly onDelete: (module: ModuleDetails) => void;
  readonly onSwitch: (module: ModuleDetails) => void;
  /** Its consequences are being looked up. */
  readonly switching: string | null;
}

/** The registry, a line a module. Up and down lead from module to module, Enter opens one. */
export function ModulesTable({
  modules,
  usages,
  sorting,
  actions,
}: {
  modules: readonly ModuleDetails[];
  usages: Usages | null;
  sorting: Sorting;
  actions: ModuleActions;
}) {
  const m = useMessages();
  return (
    <div onKeyDown={walk}>
      <VirtualTable
        label={m.modules.table}
        count={modules.length}
        rowHeight={56}
        onLook={() => undefined}
        head={<ModulesHead sorting={sorting} />}
        row={(position, props) => {
          const module = modules[position];
          return module && <Row key={module.module_id} module={module} usages={usages} actions={actions} {...props} />;
        }}
      />
    </div>
  );
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  if (!(event.target instanceof HTMLAnchorElement)) return;
  const row = event.target.closest('tr');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector('a');
  if (!link) return;
  event.preventDefault();
  link.focus();
}

function Row({
  module,
  usages,
  actions,
  ...props
}: {
  module: ModuleDetails;
  usages: Usages | null;
  actions: ModuleActions;
  'aria-rowindex': number;
  style: { height: number };
}) {
  const m = useMessages();
  const { module_id, module_name, is_active } = module;
  return (
    <Table.Tr {...props} className="row-link" onClick={() => actions.onOpen(module)}>
      <Table.Td style={{ overflow: 'hidden' }}>
        <Group gap="sm" wrap="nowrap">
          <ModuleIcon name={module_name} metadata={module.metadata} />
          <div style={{ minWidth: 0 }}>
            <Anchor
              renderRoot={(root) => (
                <Link
                  to="/super-admin/modules"
                  search={(before) => ({ ...before, module: module_id, tab: undefined })}
                  resetScroll={false}
                  {...root}
                />
              )}
              display="block"
              lh="24px"
              truncate
              fz="sm"
              fw={500}
              c={is_active ? 'inherit' : 'dimmed'}
              title={module_name}
              onClick={(event) => event.stopPropagation()}
            >
              {module_name}
            </Anchor>
            <Copyable value={module_id} c="dimmed" />
          </div>
        </Group>
      </Table.Td>
      <Cell visibleFrom="md">{module.category}</Cell>
      <Table.Td visibleFrom="lg" style={{ overflow: 'hidden' }}>
        <Text fz="sm" truncate title={module.service_name}>
          {module.service_name}
        </Text>
        <Text fz="xs" c="dimmed" ff="monospace" truncate title={module.api_endpoint}>
          {module.api_endpoint}
        </Text>
      </Table.Td>
      <Cell visibleFrom="lg">{module.version}</Cell>
      <Table.Td visibleFrom="sm">
        {usages && <UsedBy module={module} usages={usages} onOpen={() => actions.onOpen(module, 'used')} />}
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <TimeAgo at={module.updated_at} fz="sm" c="dimmed" />
      </Table.Td>
      <Table.Td onClick={(event) => event.stopPropagation()}>
        <Switch
          size="sm"
          checked={is_active}
          disabled={actions.switching === module_id}
          onChange={() => actions.onSwitch(module)}
          aria-label={m.modules.switchOf(module_name)}
        />
      </Table.Td>
      <Table.Td onClick={(event) => event.stopPropagation()} p={4}>
        <RowMenu module={module} actions={actions} />
      </Table.Td>
    </Table.Tr>
  );
}

function Cell({ children, visibleFrom }: { children: string; visibleFrom: 'md' | 'lg' }) {
  return (
    <Table.Td visibleFrom={visibleFrom} style={{ overflow: 'hidden' }}>
      <Text fz="sm" truncate title={children}>
        {children}
      </Text>
    </Table.Td>
  );
}

function UsedBy({ module, usages, onOpen }: { module: ModuleDetails; usages: Usages; onOpen: () => void }) {
  const m = useMessages();
  const usage = usages.get(module.module_id);
  const count = used(usages, module.module_id);
  const sum = (values: readonly number[] = []) => values.reduce((one, other) => one + other, 0);
  const line = m.modules.last30Days(sum(usage?.assigned), sum(usage?.unassigned));
  return (
    <Group gap={8} wrap="nowrap">
      <UnstyledButton
        onClick={(event) => {
          event.stopPropagation();
          onOpen();
        }}
        aria-label={m.modules.usedByOf(module.module_name, count)}
        miw={36}
        mih={24}
        ta="right"
      >
        <Text span fz="sm" td={count > 0 ? 'underline' : undefined} c={count > 0 ? undefined : 'dimmed'}>
          {count}
        </Text>
      </UnstyledButton>
      {usage && (
        <Tooltip label={line}>
          <span style={{ display: 'inline-flex' }}>
            <Sparkline values={thirtyDays(usage)} label={line} />
          </span>
        </Tooltip>
      )}
    </Group>
  );
}

function RowMenu({ module, actions }: { module: ModuleDetails; actions: ModuleActions }): ReactNode {
  const m = useMessages();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={m.modules.actionsOf(module.module_name)}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => actions.onEdit(module)}>
          {m.modules.edit}
        </Menu.Item>
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => actions.onDelete(module)}
        >
          {m.modules.delete}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
