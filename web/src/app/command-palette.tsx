import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowRight, IconSearch, type TablerIcon } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { getIndustriesOptions, getModuleRegistryOptions, getOrganizationsOptions } from '@modplane/client/react-query';
import { recentlyVisited, visit } from '@/app/recently-visited.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { bestFirst, searchedIndustry, searchedModule } from '@/ui/search-rank.ts';

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
  const things = (prefix: string, items: readonly Thing[]) =>
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
      actions: bestFirst(pages, query, ({ name }) => ({ names: [name] })).map(({ to, name, Icon }) => ({
        id: to,
        label: name,
        leftSection: <Icon size={18} aria-hidden />,
        onClick: () => void navigate({ to }),
      })),
    },
    {
      group: m.shell.paletteActions,
      actions: bestFirst(actions, query, ({ name }) => ({ names: [name] })).map(({ id, name, Icon, run }) => ({
        id: `action:${id}`,
        label: name,
        leftSection: <Icon size={18} aria-hidden />,
        onClick: run,
      })),
    },
    ...found.map(({ kind, items, total, list }) => ({
      group: m.shell[kind],
      actions: [
        ...things(kind, items),
        ...(total > items.length
          ? [
              {
                id: `all:${kind}`,
                label: m.shell.paletteAll(total, m.shell[kind]),
                leftSection: <IconArrowRight size={18} aria-hidden />,
                onClick: () => void navigate({ href: `${list}?q=${encodeURIComponent(asked)}` }),
              },
            ]
          : []),
      ],
    })),
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

interface Thing {
  readonly id: string;
  readonly label: string;
  readonly code: string;
  readonly to: string;
  readonly icon?: SpotlightActionData['leftSection'];
}

interface Found {
  readonly kind: 'modules' | 'industries' | 'tenants';
  readonly items: readonly Thing[];
  /** How many there are in the list. */
  readonly total: number;
  /** The page that lists them. */
  readonly list: string;
}

function useFound(query: string): readonly Found[] {
  const asks = query !== '';
  const modules = useQuery({ ...getModuleRegistryOptions(), enabled: asks });
  const industries = useQuery({ ...getIndustriesOptions(), enabled: asks });
  const tenants = useQuery({
    ...getOrganizationsOptions({ query: { q: query, limit: SHOWN } }),
    enabled: asks,
    placeholderData: keepPreviousData,
  });
  if (!asks) return [];
  const fittingModules = bestFirst(modules.data?.items ?? [], query, searchedModule);
  const fittingIndustries = bestFirst(industries.data?.items ?? [], query, searchedIndustry);
  return [
    {
      kind: 'modules',
      total: fittingModules.length,
      list: '/super-admin/modules',
      items: fittingModules.slice(0, SHOWN).map((module) => ({
        id: module.module_id,
        label: module.module_name,
        code: module.module_id,
        to: `/super-admin/modules?module=${module.module_id}`,
        icon: <ModuleIcon name={module.module_name} metadata={module.metadata} size={22} />,
      })),
    },
    {
      kind: 'industries',
      total: fittingIndustries.length,
      list: '/super-admin/industries',
      items: fittingIndustries.slice(0, SHOWN).map((industry) => ({
        id: industry.industry_code,
        label: industry.industry_name,
        code: industry.industry_code,
        to: `/super-admin/industries/${industry.industry_code}`,
      })),
    },
    {
      kind: 'tenants',
      total: tenants.data?.total?.count ?? 0,
      list: '/super-admin/tenants',
      items: (tenants.data?.items ?? []).map((tenant) => ({
        id: tenant.organization_id,
        label: tenant.name,
        code: tenant.industry_name ?? '',
        to: `/super-admin/tenants/${tenant.organization_id}`,
      })),
    },
  ];
}
