import { Button, Group, MultiSelect, Pill, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  getIndustriesOptions,
  getModuleRegistryOptions,
  getOrganizationOptions,
  getOrganizationsOptions,
  getUsersOptions,
} from '@modplane/client/react-query';
import { type AuditAddress, isFiltered, typesOf } from '@/audit/filter.ts';
import { TimeFilter } from '@/audit/time-filter.tsx';
import { type Messages, useMessages } from '@/i18n/messages.tsx';

const SHOWN = 20;

interface Choice {
  readonly value: string;
  readonly label: string;
}

interface FiltersProps {
  readonly address: AuditAddress;
  readonly onChange: (next: Partial<AuditAddress>) => void;
  readonly onClear: () => void;
}

/** What is listed, each in the address. */
export function AuditFilters({ address, onChange, onClear }: FiltersProps) {
  const m = useMessages();
  const modules = useQuery(getModuleRegistryOptions());
  const industries = useQuery(getIndustriesOptions({ query: { include_inactive: true } }));
  const types = typesOf(address);
  return (
    <Group gap="xs" style={{ flex: '1 1 320px' }}>
      <OrganizationFilter value={address.organization} onChange={(organization) => onChange({ organization })} />
      <Chosen
        label={m.audit.module}
        value={address.module}
        choices={modules.data?.items.map((one) => ({ value: one.module_id, label: one.module_name })) ?? []}
        onChange={(module) => onChange({ module })}
      />
      <Chosen
        label={m.audit.industry}
        value={address.industry}
        choices={industries.data?.items.map((one) => ({ value: one.industry_code, label: one.industry_name })) ?? []}
        onChange={(industry) => onChange({ industry })}
      />
      <ActorFilter value={address.actor} onChange={(actor) => onChange({ actor })} />
      <MultiSelect
        size="xs"
        w={
          types.length === 0
            ? { base: 'calc(50% - 5px)', xs: 130 }
            : { base: '100%', xs: types.length === 1 ? 260 : 400 }
        }
        aria-label={m.audit.type}
        placeholder={types.length === 0 ? m.audit.type : undefined}
        data={choicesOfTypes(m, types)}
        value={types}
        onChange={(chosen) => onChange({ type: chosen.join(',') || undefined })}
        searchable
        clearable
        maxValues={8}
        clearButtonProps={{ 'aria-label': `${m.common.clear}: ${m.audit.type}` }}
      />
      <TimeFilter from={address.from} to={address.to} onChange={onChange} />
      {address.operation !== undefined && (
        <Pill
          withRemoveButton
          onRemove={() => onChange({ operation: undefined })}
          removeButtonProps={{
            'aria-label': `${m.common.clear}: ${m.audit.operation}`,
            'aria-hidden': false,
            tabIndex: 0,
          }}
          title={address.operation}
        >
          {m.audit.operation} {address.operation.slice(0, 8)}
        </Pill>
      )}
      {isFiltered(address) && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={onClear}>
          {m.common.clearFilters}
        </Button>
      )}
    </Group>
  );
}

/** Those that are known, and those of the address that are not. */
const choicesOfTypes = (m: Messages, chosen: readonly string[]): Choice[] => {
  const names: Readonly<Record<string, string>> = m.events.types;
  return [...new Set([...Object.keys(names), ...chosen])].map((value) => ({ value, label: names[value] ?? value }));
};

function Chosen({
  label,
  value,
  choices,
  onChange,
  onSearch,
}: {
  label: string;
  value: string | undefined;
  choices: readonly Choice[];
  onChange: (value: string | undefined) => void;
  onSearch?: (text: string) => void;
}) {
  const m = useMessages();
  const known = choices.some((choice) => choice.value === value);
  const all = value === undefined || known ? choices : [{ value, label: value.slice(0, 24) }, ...choices];
  return (
    <Select
      size="xs"
      w={{ base: 'calc(50% - 5px)', xs: 130 }}
      aria-label={label}
      placeholder={label}
      data={all}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      onSearchChange={onSearch ?? (() => undefined)}
      searchable
      clearable
      limit={SHOWN}
      nothingFoundMessage={m.common.noMatch}
      comboboxProps={{ width: 260, position: 'bottom-start' }}
      clearButtonProps={{ 'aria-label': `${m.common.clear}: ${label}` }}
    />
  );
}

type OneFilter = { value: string | undefined; onChange: (value: string | undefined) => void };

function OrganizationFilter({ value, onChange }: OneFilter) {
  const m = useMessages();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 200);
  const found = useQuery({
    ...getOrganizationsOptions({ query: { limit: SHOWN, ...(asked && { q: asked }) } }),
    placeholderData: keepPreviousData,
  });
  const chosen = useQuery({
    ...getOrganizationOptions({ path: { organization_id: value ?? '' } }),
    enabled: value !== undefined,
    retry: false,
  });
  const choices = (found.data?.items ?? []).map((one) => ({ value: one.organization_id, label: one.name }));
  if (chosen.data !== undefined && !choices.some((choice) => choice.value === value)) {
    choices.unshift({ value: chosen.data.organization_id, label: chosen.data.name });
  }
  return <Chosen label={m.audit.tenant} value={value} choices={choices} onChange={onChange} onSearch={setTyped} />;
}

function ActorFilter({ value, onChange }: OneFilter) {
  const m = useMessages();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 200);
  const found = useQuery({
    ...getUsersOptions({ query: { limit: SHOWN, ...(asked ? { q: asked } : { role: 'super_admin' as const }) } }),
    placeholderData: keepPreviousData,
  });
  const choices = [
    ...(found.data?.items ?? []).map((user) => ({ value: user.id, label: user.email })),
    { value: 'system:seed', label: m.events.bySeeds },
    { value: 'system:cli', label: m.events.byCommandLine },
  ];
  return <Chosen label={m.audit.actor} value={value} choices={choices} onChange={onChange} onSearch={setTyped} />;
}
