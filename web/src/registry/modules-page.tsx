import { Button, Group, Text } from '@mantine/core';
import { useCallbackRef } from '@mantine/hooks';
import { IconPackages, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { ModuleDetails } from '@modplane/client';
import { getModuleRegistryOptions, getModulesUsageOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { DeleteModule } from '@/registry/deleting.tsx';
import { FormDrawer } from '@/registry/form-drawer.tsx';
import { ModuleDrawer } from '@/registry/module-drawer.tsx';
import { ModulesTable } from '@/registry/modules-table.tsx';
import { type Selection, type Usages, choices, isFiltered, matching, sorted } from '@/registry/selection.ts';
import { useSwitching } from '@/registry/switching.tsx';
import { FilterChip } from '@/ui/filter-chip.tsx';
import { Page } from '@/ui/page.tsx';
import { SearchField } from '@/ui/search-field.tsx';
import { useShortcuts } from '@/ui/shortcuts.ts';
import { Empty, Failed, LoadingRows, NoMatch } from '@/ui/states.tsx';

const route = getRouteApi('/super-admin/modules');

const NONE: readonly ModuleDetails[] = [];
const NOBODY: Usages = new Map();

/** The registry: which modules there are, who uses them, and what can be done with each. */
export function ModulesPage() {
  const m = useMessages();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const registry = useQuery(getModuleRegistryOptions());
  const usage = useQuery(getModulesUsageOptions());
  const [deleting, setDeleting] = useState<ModuleDetails | null>(null);
  const switching = useSwitching();
  const modules = registry.data?.items ?? NONE;
  const usages = useMemo(
    () => usage.data && new Map(usage.data.items.map((one) => [one.module_id, one])),
    [usage.data],
  );
  const { sort = 'name', desc = false } = search;
  // Only one order depends on the usage, which is read anew with every event.
  const counts = sort === 'used' ? usages : undefined;
  const inOrder = useMemo(() => sorted(modules, counts ?? NOBODY, sort, desc), [modules, counts, sort, desc]);
  const shown = useMemo(() => matching(inOrder, search), [inOrder, search]);
  const filter = (change: Partial<Selection>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false });
  const open = useCallbackRef(
    (change: { module?: string | undefined; tab?: string | undefined; form?: 'new' | 'edit' | undefined }) =>
      void navigate({
        search: (before) => ({ ...before, module: undefined, tab: undefined, form: undefined, ...change }),
        resetScroll: false,
      }),
  );
  const turn = useCallbackRef(switching.turn);
  const clear = () => filter({ q: undefined, category: undefined, status: undefined, service: undefined });
  useShortcuts([['n', () => open({ form: 'new' })]]);
  // The same for as long as the page is open, so that rows are rendered for what they show alone.
  const actions = useMemo(
    () => ({
      onOpen: (module: ModuleDetails, tab?: string) => open({ module: module.module_id, tab }),
      onEdit: (module: ModuleDetails) => open({ module: module.module_id, form: 'edit' }),
      onDelete: setDeleting,
      onSwitch: turn,
    }),
    [open, turn],
  );
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => open({ form: 'new' })}>
      {m.modules.add}
    </Button>
  );
  const looked = search.module === undefined ? undefined : modules.find((one) => one.module_id === search.module);
  return (
    <Page
      title={m.modules.title}
      subtitle={
        <span aria-live="polite">
          {registry.data === undefined
            ? '\u00a0'
            : isFiltered(search)
              ? m.modules.shownOf(shown.length, modules.length)
              : m.common.modules(modules.length)}
        </span>
      }
      action={add}
    >
      {(modules.length > 0 || registry.isPending) && (
        <Toolbar modules={modules} search={search} onFilter={filter} onClear={clear} />
      )}
      {registry.isPending ? (
        <LoadingRows rows={10} height={48} />
      ) : registry.isError && registry.data === undefined ? (
        <Failed error={registry.error} onRetry={() => void registry.refetch()} />
      ) : modules.length === 0 ? (
        <Empty icon={<IconPackages size={24} />} title={m.modules.noneTitle} hint={m.modules.noneHint} action={add} />
      ) : shown.length === 0 ? (
        <NoMatch onClear={clear} />
      ) : (
        <>
          {registry.isError && (
            <Text fz="sm" c="dimmed" role="status">
              {m.common.offline}
            </Text>
          )}
          <ModulesTable
            modules={shown}
            usages={usages ?? null}
            switching={switching.looking}
            actions={actions}
            sorting={{
              sort,
              desc,
              onSort: (column) => {
                const turned = column === sort && !desc ? true : undefined;
                void navigate({
                  search: (before) => ({ ...before, sort: column === 'name' ? undefined : column, desc: turned }),
                  replace: true,
                  resetScroll: false,
                });
              },
            }}
          />
        </>
      )}
      <ModuleDrawer
        opened={search.module !== undefined && search.form === undefined && registry.data !== undefined}
        module={looked}
        usage={search.module === undefined ? undefined : usages?.get(search.module)}
        tab={search.tab}
        onTab={(tab) => void navigate({ search: (before) => ({ ...before, tab }), replace: true, resetScroll: false })}
        onClose={() => open({})}
        isSwitching={switching.looking === search.module}
        actions={actions}
      />
      <FormDrawer
        opened={search.form === 'new' || (search.form === 'edit' && looked !== undefined)}
        modules={modules}
        module={search.form === 'edit' ? (looked ?? null) : null}
        onDone={(moduleId) => open({ module: moduleId })}
        onClose={() => open(search.form === 'edit' ? { module: search.module } : {})}
      />
      <DeleteModule module={deleting} onClose={() => setDeleting(null)} onDeleted={() => open({})} />
      {switching.dialog}
    </Page>
  );
}

function Toolbar({
  modules,
  search,
  onFilter,
  onClear,
}: {
  modules: readonly ModuleDetails[];
  search: Selection;
  onFilter: (change: Partial<Selection>) => void;
  onClear: () => void;
}) {
  const m = useMessages();
  const categories = useMemo(() => choices(modules, (one) => one.category), [modules]);
  const services = useMemo(() => choices(modules, (one) => one.service_name), [modules]);
  const statuses = useMemo(
    () =>
      choices(modules, (one) => (one.is_active ? 'active' : 'inactive')).map((one) => ({
        ...one,
        label: one.value === 'active' ? m.modules.active : m.modules.inactive,
      })),
    [modules, m],
  );
  return (
    <Group gap="xs" role="search" aria-label={m.modules.filters}>
      <SearchField
        value={search.q ?? ''}
        onChange={(q) => onFilter({ q: q === '' ? undefined : q })}
        label={m.modules.search}
      />
      <FilterChip
        label={m.modules.category}
        value={search.category}
        choices={categories}
        onChange={(category) => onFilter({ category })}
      />
      <FilterChip
        label={m.modules.status}
        value={search.status}
        choices={statuses}
        onChange={(status) => onFilter({ status: status === 'active' || status === 'inactive' ? status : undefined })}
      />
      <FilterChip
        label={m.modules.service}
        value={search.service}
        choices={services}
        onChange={(service) => onFilter({ service })}
      />
      {isFiltered(search) && (
        <Button variant="subtle" color="gray" size="compact-sm" onClick={onClear}>
          {m.common.clearFilters}
        </Button>
      )}
    </Group>
  );
}
