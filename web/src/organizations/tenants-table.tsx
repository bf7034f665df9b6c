import { Anchor, Checkbox, Group, Skeleton, Table, Text, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { OrganizationInfo } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import type { Shown } from '@/organizations/filter.ts';
import { type Selection, holds, isEmpty, switched, together } from '@/organizations/selection.ts';
import { TenantStatus } from '@/organizations/tenant-status.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';
import { VirtualTable } from '@/ui/virtual-table.tsx';

interface Rows {
  readonly count: number;
  readonly hasMore: boolean;
  readonly row: (position: number) => OrganizationInfo | undefined;
  readonly look: (first: number, last: number) => void;
  readonly read: () => readonly OrganizationInfo[];
}

/** Placeholder rows at the end while the next page is on its way. */
const COMING = 3;

export function TenantsTable({
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
            <Checkbox
              size="xs"
              aria-label={m.tenants.selectLoaded}
              checked={all}
              indeterminate={!all && !isEmpty(selection)}
              onChange={(event) => onSelect(together(selection, ids(), event.currentTarget.checked))}
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
            <Table.Tr key={position} {...props}>
              <Table.Td colSpan={isWide ? 6 : 3}>
                <Skeleton height={16} radius="sm" />
              </Table.Td>
            </Table.Tr>
          );
        }
        const id = tenant.organization_id;
        return (
          <TenantRow
            key={id}
            tenant={tenant}
            isWide={isWide}
            row={props}
            checkbox={
              <Checkbox
                size="xs"
                aria-label={m.tenants.select(tenant.name)}
                checked={holds(selection, id)}
                onChange={() => onSelect(switched(selection, id, ids()))}
                onClick={(event) => event.stopPropagation()}
              />
            }
            selected={holds(selection, id)}
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

function TenantRow({
  tenant,
  isWide,
  row,
  checkbox,
  selected,
}: {
  tenant: OrganizationInfo;
  isWide: boolean;
  row: { 'aria-rowindex': number; style: { height: number } };
  checkbox: ReactNode;
  selected: boolean;
}) {
  const m = useMessages();
  const navigate = useNavigate();
  const id = tenant.organization_id;
  const to = `/super-admin/tenants/${id}`;
  return (
    <Table.Tr
      {...row}
      className="row-link"
      bg={selected ? 'color-mix(in srgb, var(--mantine-primary-color-filled) 8%, transparent)' : undefined}
      onClick={() => void navigate({ to })}
    >
      <Table.Td onClick={(event) => event.stopPropagation()}>{checkbox}</Table.Td>
      <Table.Td>
        <Anchor
          component={Link}
          to={to}
          fz="sm"
          fw={500}
          c="inherit"
          truncate
          display="block"
          onClick={(event) => event.stopPropagation()}
        >
          {tenant.name}
        </Anchor>
        {!isWide && (
          <Text fz="xs" c="dimmed" truncate>
            {tenant.industry_name ?? m.tenants.noIndustry}
          </Text>
        )}
      </Table.Td>
      {isWide && (
        <Table.Td>
          <Text fz="sm" truncate {...(tenant.industry_name === null ? { c: 'dimmed' } : {})}>
            {tenant.industry_name ?? m.tenants.noIndustry}
          </Text>
        </Table.Td>
      )}
      <Table.Td>
        <TenantStatus status={tenant.status} />
      </Table.Td>
      {isWide && (
        <Table.Td>
          <TimeAgo at={tenant.created_at} c="dimmed" />
        </Table.Td>
      )}
      {isWide && (
        <Table.Td>
          <Copyable value={id} shown={`${id.slice(0, 8)}…`} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}
