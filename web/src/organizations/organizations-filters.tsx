import { Button, Group, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { memo, useMemo } from 'react';
import {
  getIndustriesOptions,
  getIndustryVersionsOptions,
  getModuleRegistryOptions,
} from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { type Shown, isFiltered } from '@/organizations/filter.ts';
import { SearchField } from '@/ui/search-field.tsx';

/** How many choices a list shows at once; typing finds the others. */
const CHOICES = 60;

/** Which tenants are shown. Each filter is part of the address. Not rendered for what happens in the list below. */
export const OrganizationsFilters = memo(function OrganizationsFilters({
  shown,
  onChange,
}: {
  shown: Shown;
  onChange: (change: Shown) => void;
}) {
  const m = useMessages();
  const industries = useQuery({ ...getIndustriesOptions({ query: { include_inactive: true } }), staleTime: 60_000 });
  const modules = useQuery({ ...getModuleRegistryOptions(), staleTime: 60_000 });
  const versions = useQuery({
    ...getIndustryVersionsOptions({ path: { industry_code: shown.industry ?? '' } }),
    enabled: shown.industry !== undefined,
  });
  const industryChoices = useMemo(
    () => (industries.data?.items ?? []).map((one) => ({ value: one.industry_code, label: one.industry_name })),
    [industries.data],
  );
  const moduleChoices = useMemo(
    () => (modules.data?.items ?? []).map((one) => ({ value: one.module_id, label: one.module_name })),
    [modules.data],
  );
  const statuses = [
    { value: 'active', label: m.tenants.active },
    { value: 'suspended', label: m.tenants.suspended },
  ] as const;
  return (
    <Group gap="xs" role="search" aria-label={m.tenants.filters}>
      <SearchField
        value={shown.q ?? ''}
        onChange={(q) => onChange({ q: q || undefined })}
        label={m.tenants.searchLabel}
      />
      <Select
        aria-label={m.tenants.industry}
        placeholder={m.tenants.industry}
        data={industryChoices}
        value={shown.industry ?? null}
        onChange={(industry) => onChange({ industry: industry ?? undefined, version: undefined })}
        searchable
        clearable
        limit={CHOICES}
        nothingFoundMessage={m.common.noMatch}
        clearButtonProps={{ 'aria-label': `${m.common.clear}: ${m.tenants.industry}` }}
        w={{ base: 'calc(50% - 5px)', xs: 190 }}
      />
      {shown.industry !== undefined && (
        <Select
          aria-label={m.tenants.templateVersion}
          placeholder={m.tenants.anyVersion}
          data={(versions.data?.items ?? []).map((one) => ({
            value: String(one.version),
            label: one.is_current ? m.tenants.currentVersion(one.version) : m.tenants.version(one.version),
          }))}
          value={shown.version ?? null}
          onChange={(version) => onChange({ version: version ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': `${m.common.clear}: ${m.tenants.templateVersion}` }}
          w={{ base: 'calc(50% - 5px)', xs: 160 }}
        />
      )}
      <Select
        aria-label={m.tenants.hasModule}
        placeholder={m.tenants.hasModule}
        data={moduleChoices}
        value={shown.module ?? null}
        onChange={(module) => onChange({ module: module ?? undefined })}
        searchable
        clearable
        limit={CHOICES}
        nothingFoundMessage={m.common.noMatch}
        clearButtonProps={{ 'aria-label': `${m.common.clear}: ${m.tenants.hasModule}` }}
        w={{ base: 'calc(50% - 5px)', xs: 190 }}
      />
      <Select
        aria-label={m.tenants.status}
        placeholder={m.tenants.status}
        data={statuses}
        value={shown.status ?? null}
        onChange={(status) => onChange({ status: status ?? undefined })}
        clearable
        clearButtonProps={{ 'aria-label': `${m.common.clear}: ${m.tenants.status}` }}
        w={{ base: 'calc(50% - 5px)', xs: 140 }}
      />
      {isFiltered(shown) && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() =>
            onChange({ q: undefined, industry: undefined, version: undefined, status: undefined, module: undefined })
          }
        >
          {m.common.clearFilters}
        </Button>
      )}
    </Group>
  );
});
