import { Group, Table, UnstyledButton } from '@mantine/core';
import { useCallbackRef, useMediaQuery } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { memo } from 'react';
import type { OrganizationInfo } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import type { Shown } from '@/organizations/filter.ts';
import { type Selection, holds, isEmpty, switched, together } from '@/organizations/selection.ts';
import { OrganizationStatus } from '@/organizations/organization-status.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { RowCheckbox, RowComing, RowLink } from '@/ui/row-parts.tsx';
import classes from '@/ui/rows.module.css';
import { TimeAgo } from '@/ui/time-ago.tsx';
import { type RowProps, VirtualTable } from '@/ui/virtual-table.tsx';

interface Rows {
  readonly count: number;
  readonly hasMore: boolean;
  readonly row: (position: number) => OrganizationInfo | undefined;
  readonly look: (first: number, last: number) => void;
  readonly read: () => readonly OrganizationInfo[];
}

/** Placeholder rows at the end while the next page is on its way. */
const COMING = 3;

const addressOf = (id: string) => `/super-admin/tenants/${id}`;

export function OrganizationsTable({
  rows,
  total,
  shown,
  onSort,
  selection,
  onSelect,
}: {
  rows: Rows;
  total: number | undefined;
  shown: Shown;
  onSort: (sort: 'name' | 'created', desc: boolean) => void;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}) {
  const m = useMessages();
  const isWide = useMediaQuery('(min-width: 62em)', true);
  const ids = () => rows.read().map((one) => one.organization_id);
  const toggle = useCallbackRef((id: string) => onSelect(switched(selection, id, ids())));
  const navigate = useNavigate();
  const open = useCallbackRef((id: string) => void navigate({ to: addressOf(id) }));
  const router = useRouter();
  const near = useCallbackRef(
    (id: string) => void router.preloadRoute({ to: '/super-admin/tenants/$id', params: { id } }),
  );
  const all = selection.kind === 'all' || (rows.count > 0 && selection.ids.size >= rows.count);
  const sortBy = shown.sort ?? 'name';
  const header = (column: 'name' | 'created', text: string) => (
    <Sortable
      text={text}
      sorted={sortBy === column ? (shown.desc ? 'descending' : 'ascending') : undefined}
      onSort={() => onSort(column, sortBy === column ? !shown.desc : column === 'created')}
    />
  );
  return (
    <VirtualTable
      label={m.tenants.title}
      count={rows.count + (rows.hasMore ? COMING : 0)}
      total={total}
      onLook={rows.look}
      head={
        <Table.Tr>
          <Table.Th w={44}>
            <RowCheckbox
              label={m.tenants.selectLoaded}
              isChosen={all}
              some={!all && !isEmpty(selection)}
              onChange={(isChosen) => onSelect(together(selection, ids(), isChosen))}
            />
          </Table.Th>
          {header('name', m.tenants.name)}
          {isWide && <Table.Th>{m.tenants.industry}</Table.Th>}
          <Table.Th w={isWide ? 140 : 110}>{m.tenants.status}</Table.Th>
          {isWide && header('created', m.tenants.created)}
          {isWide && <Table.Th w={150}>{m.tenants.id}</Table.Th>}
        </Table.Tr>
      }
      row={(position, props) => {
        const tenant = rows.row(position);
        if (tenant === undefined) {
          return (
            <tr key={position} {...props} className={classes.row}>
              <td colSpan={isWide ? 6 : 3}>
                <RowComing />
              </td>
            </tr>
          );
        }
        const id = tenant.organization_id;
        return (
          <OrganizationRow
            key={id}
            {...props}
            tenant={tenant}
            isWide={isWide}
            isSelected={holds(selection, id)}
            onToggle={toggle}
            onOpen={open}
            onNear={near}
          />
        );
      }}
    />
  );
}

function Sortable({
  text,
  sorted,
  onSort,
}: {
  text: string;
  sorted: 'ascending' | 'descending' | undefined;
  onSort: () => void;
}) {
  const Arrow = sorted === 'descending' ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th aria-sort={sorted ?? 'none'}>
      <UnstyledButton fz="inherit" fw="inherit" onClick={onSort}>
        <Group gap={4} wrap="nowrap">
          {text}
          <Arrow size={14} aria-hidden opacity={sorted ? 1 : 0} />
        </Group>
      </UnstyledButton>
    </Table.Th>
  );
}

interface OrganizationRowProps extends RowProps {
  readonly tenant: OrganizationInfo;
  readonly isWide: boolean;
  readonly isSelected: boolean;
  readonly onToggle: (id: string) => void;
  readonly onOpen: (id: string) => void;
  readonly onNear: (id: string) => void;
}

/** Rendered again only when something of its own tenant changed, however the list moves. */
const OrganizationRow = memo(function OrganizationRow(of: OrganizationRowProps) {
  const { tenant, isWide, isSelected, onToggle, onOpen, onNear, ...props } = of;
  const m = useMessages();
  const { organization_id: id, name } = tenant;
  const industry = (
    <div className={tenant.industry_name === null ? `${classes.clipped} ${classes.dimmed}` : classes.clipped}>
      {tenant.industry_name ?? m.tenants.noIndustry}
    </div>
  );
  return (
    <tr {...props} className={classes.row} data-chosen={isSelected || undefined} onClick={() => onOpen(id)}>
      <td data-plain onClick={(event) => event.stopPropagation()}>
        <RowCheckbox label={m.tenants.select(name)} isChosen={isSelected} onChange={() => onToggle(id)} />
      </td>
      <td>
        <RowLink href={addressOf(id)} onOpen={() => onOpen(id)} onNear={() => onNear(id)}>
          {name}
        </RowLink>
        {!isWide && <div className={classes.small}>{industry}</div>}
      </td>
      {isWide && <td>{industry}</td>}
      <td>
        <OrganizationStatus status={tenant.status} />
      </td>
      {isWide && (
        <td>
          <TimeAgo at={tenant.created_at} c="dimmed" />
        </td>
      )}
      {isWide && (
        <td>
          <Copyable value={id} shown={`${id.slice(0, 8)}…`} />
        </td>
      )}
    </tr>
  );
});
