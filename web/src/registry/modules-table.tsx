import { Menu } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { type MouseEvent, memo, useState } from 'react';
import type { ModuleDetails, ModuleUsage } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { type Sorting, ModulesHead } from '@/registry/modules-head.tsx';
import { type Usages, thirtyDays } from '@/registry/selection.ts';
import { Copyable } from '@/ui/copyable.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { RowLink, RowSwitch } from '@/ui/row-parts.tsx';
import classes from '@/ui/rows.module.css';
import { Sparkline } from '@/ui/sparkline.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';
import { type RowProps, VirtualTable } from '@/ui/virtual-table.tsx';

export interface ModuleActions {
  readonly onOpen: (module: ModuleDetails, tab?: string) => void;
  readonly onEdit: (module: ModuleDetails) => void;
  readonly onDelete: (module: ModuleDetails) => void;
  readonly onSwitch: (module: ModuleDetails) => void;
}

/** The registry, a line a module. Up and down lead from module to module, Enter opens one. */
export function ModulesTable({
  modules,
  usages,
  sorting,
  switching,
  actions,
}: {
  modules: readonly ModuleDetails[];
  usages: Usages | null;
  sorting: Sorting;
  /** Whose consequences are being looked up. */
  switching: string | null;
  actions: ModuleActions;
}) {
  const m = useMessages();
  return (
    <VirtualTable
      label={m.modules.table}
      count={modules.length}
      rowHeight={56}
      onLook={() => undefined}
      head={<ModulesHead sorting={sorting} />}
      row={(position, props) => {
        const module = modules[position];
        return (
          module && (
            <Row
              key={module.module_id}
              module={module}
              usage={usages?.get(module.module_id)}
              knowsUsage={usages !== null}
              isSwitching={switching === module.module_id}
              actions={actions}
              {...props}
            />
          )
        );
      }}
    />
  );
}

const ENDPOINT = `${classes.code} ${classes.dimmed} ${classes.clipped}`;

const addressOf = (id: string) => `/super-admin/modules?module=${id}`;

const stop = (event: MouseEvent) => event.stopPropagation();

interface ModuleRowProps extends RowProps {
  readonly module: ModuleDetails;
  readonly usage: ModuleUsage | undefined;
  readonly knowsUsage: boolean;
  readonly isSwitching: boolean;
  readonly actions: ModuleActions;
}

/** Rendered again only when something of its own module changed, however the list moves. */
const Row = memo(function Row({ module, usage, knowsUsage, isSwitching, actions, ...props }: ModuleRowProps) {
  const m = useMessages();
  const { module_id: id, module_name: name, is_active: isActive } = module;
  return (
    <tr {...props} className={classes.row} onClick={() => actions.onOpen(module)}>
      <td>
        <div className={classes.line}>
          <ModuleIcon name={name} metadata={module.metadata} />
          <div className={classes.two}>
            <RowLink href={addressOf(id)} isDimmed={!isActive} onOpen={() => actions.onOpen(module)}>
              {name}
            </RowLink>
            <Copyable value={id} isDimmed />
          </div>
        </div>
      </td>
      <td className="mantine-visible-from-md" title={module.category}>
        {module.category}
      </td>
      <td className="mantine-visible-from-lg">
        <div className={classes.clipped} title={module.service_name}>
          {module.service_name}
        </div>
        <div className={ENDPOINT} title={module.api_endpoint}>
          {module.api_endpoint}
        </div>
      </td>
      <td className="mantine-visible-from-lg">{module.version}</td>
      <td className="mantine-visible-from-sm">
        {knowsUsage && <UsedBy name={name} usage={usage} onOpen={() => actions.onOpen(module, 'used')} />}
      </td>
      <td className="mantine-visible-from-lg">
        <TimeAgo at={module.updated_at} c="dimmed" />
      </td>
      <td data-plain onClick={stop}>
        <RowSwitch
          label={m.modules.switchOf(name)}
          isOn={isActive}
          isBusy={isSwitching}
          onChange={() => actions.onSwitch(module)}
        />
      </td>
      <td data-plain onClick={stop}>
        <RowMenu module={module} actions={actions} />
      </td>
    </tr>
  );
});

function UsedBy({ name, usage, onOpen }: { name: string; usage: ModuleUsage | undefined; onOpen: () => void }) {
  const m = useMessages();
  const count = usage?.organizations ?? 0;
  return (
    <div className={classes.line}>
      <button
        type="button"
        className={`${classes.quiet} ${classes.number} ${count > 0 ? '' : classes.dimmed}`}
        data-some={count > 0 || undefined}
        aria-label={m.modules.usedByOf(name, count)}
        onClick={(event) => {
          event.stopPropagation();
          onOpen();
        }}
      >
        {count}
      </button>
      {usage && (
        <Sparkline
          values={thirtyDays(usage)}
          label={m.modules.last30Days(total(usage.assigned), total(usage.unassigned))}
          hinted
        />
      )}
    </div>
  );
}

const total = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);

/** The menu itself is made when it is first asked for. */
function RowMenu({ module, actions }: { module: ModuleDetails; actions: ModuleActions }) {
  const m = useMessages();
  const [isMade, make] = useState(false);
  const button = (
    <button
      type="button"
      className={`${classes.quiet} ${classes.action} ${classes.dimmed}`}
      aria-label={m.modules.actionsOf(module.module_name)}
      aria-haspopup="menu"
      {...(!isMade && { 'aria-expanded': false, onClick: () => make(true) })}
    >
      <span className={classes.dots} aria-hidden />
    </button>
  );
  if (!isMade) return button;
  return (
    <Menu position="bottom-end" withinPortal defaultOpened>
      <Menu.Target>{button}</Menu.Target>
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
