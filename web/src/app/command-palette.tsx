import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch, type TablerIcon } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { getIndustriesOptions, getModuleRegistryOptions, getOrganizationsOptions } from '@modplane/client/react-query';
import { recentlyVisited, visit } from '@/app/recently-visited.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { hasWords } from '@/ui/words.ts';

interface PalettePage {
  readonly to: string;
  readonly name: string;
  readonly Icon: TablerIcon;
}

export interface PaletteAction {
  readonly id: string;
  readonly name: string;
  readonly Icon: TablerIcon;
  readonly run: () => void;
}

export const openPalette = spotlight.open;

const SHOWN = 6;

const fits = hasWords;

/** Ctrl K: goes to a page, or to a module, tenant or template by its name or code. Begins with what was open lately. */
export function CommandPalette({
  pages,
  actions,
}: {
  pages: readonly PalettePage[];
  actions: readonly PaletteAction[];
}) {
  const m = useMessages();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const [asked] = useDebouncedValue(query.trim(), 200);
  const found = useFound(asked);
  const go = (id: string, label: string, to: string) => () => {
    visit({ id, label, to });
    void navigate({ href: to });
  };
  const things = (
    prefix: string,
    items: readonly {
      id: string;
      label: string;
      code: string;
      to: string;
      icon?: SpotlightActionData['leftSection'];
    }[],
  ) =>
    items.map((item) => ({
      id: `${prefix}:${item.id}`,
      label: item.label,
      description: item.code,
      leftSection: item.icon,
      onClick: go(`${prefix}:${item.id}`, item.label, item.to),
    }));
  const groups: SpotlightActionGroupData[] = [
    {
      group: m.shell.paletteRecent,
      actions:
        query === ''
          ? recentlyVisited().map((one) => ({
              id: `recent:${one.id}`,
              label: one.label,
              onClick: go(one.id, one.label, one.to),
            }))
          : [],
    },
    {
      group: m.shell.palettePages,
      actions: pages
        .filter((page) => query === '' || fits(query, page.name))
        .map(({ to, name, Icon }) => ({
          id: to,
          label: name,
          leftSection: <Icon size={18} aria-hidden />,
          onClick: () => void navigate({ to }),
        })),
    },
    {
      group: m.shell.paletteActions,
      actions: actions
        .filter((action) => query === '' || fits(query, action.name))
        .map(({ id, name, Icon, run }) => ({
          id: `action:${id}`,
          label: name,
          leftSection: <Icon size={18} aria-hidden />,
          onClick: run,
        })),
    },
    { group: m.shell.modules, actions: things('module', found.modules) },
    { group: m.shell.industries, actions: things('industry', found.industries) },
    { group: m.shell.tenants, actions: things('tenant', found.tenants) },
  ];
  return (
    <Spotlight
      actions={groups.filter((group) => group.actions.length > 0)}
      query={query}
      onQueryChange={setQuery}
      filter={(_, actions) => actions}
      shortcut={['mod + K']}
      nothingFound={m.shell.paletteNothing}
      highlightQuery
      scrollable
      maxHeight={480}
      clearQueryOnClose
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: m.shell.palettePlaceholder,
        'aria-label': m.shell.palettePlaceholder,
      }}
    />
  );
}

function useFound(query: string) {
  const asks = query !== '';
  const modules = useQuery({ ...getModuleRegistryOptions(), enabled: asks });
  const industries = useQuery({ ...getIndustriesOptions(), enabled: asks });
  const tenants = useQuery({
    ...getOrganizationsOptions({ query: { q: query, limit: SHOWN } }),
    enabled: asks,
    placeholderData: keepPreviousData,
  });
  if (!asks) return { modules: [], industries: [], tenants: [] };
  return {
    modules: (modules.data?.items ?? [])
      .filter((module) => fits(query, module.module_name, module.module_id))
      .slice(0, SHOWN)
      .map((module) => ({
        id: module.module_id,
        label: module.module_name,
        code: module.module_id,
        to: `/super-admin/modules?module=${module.module_id}`,
        icon: <ModuleIcon name={module.module_name} metadata={module.metadata} size={22} />,
      })),
    industries: (industries.data?.items ?? [])
      .filter((industry) => fits(query, industry.industry_name, industry.industry_code))
      .slice(0, SHOWN)
      .map((industry) => ({
        id: industry.industry_code,
        label: industry.industry_name,
        code: industry.industry_code,
        to: `/super-admin/industries/${industry.industry_code}`,
      })),
    tenants: (tenants.data?.items ?? []).map((tenant) => ({
      id: tenant.organization_id,
      label: tenant.name,
      code: tenant.industry_name ?? '',
      to: `/super-admin/tenants/${tenant.organization_id}`,
    })),
  };
}
