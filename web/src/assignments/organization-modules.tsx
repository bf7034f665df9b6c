import { Button, Group, Menu, Paper, Stack, Text, Title } from '@mantine/core';
import { IconChevronDown, IconPackages, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { OrganizationModule } from '@modplane/client';
import {
  getIndustriesOptions,
  getModuleRegistryOptions,
  getOrganizationModulesOptions,
  getOrganizationOptions,
} from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { AssignDialog } from '@/assignments/assign-dialog.tsx';
import { ConfigDrawer } from '@/assignments/config-drawer.tsx';
import { useAssignedDates } from '@/assignments/assigned-dates.ts';
import { ModuleRow } from '@/assignments/module-row.tsx';
import { PartDialog } from '@/assignments/part-dialog.tsx';
import { TemplateDialog } from '@/assignments/template-dialog.tsx';
import { useUnassign } from '@/assignments/use-unassign.tsx';
import { SearchField } from '@/ui/search-field.tsx';
import { bestFirst, searchedModule } from '@/ui/search-rank.ts';
import { Empty, Failed, LoadingRows, NoMatch } from '@/ui/states.tsx';
import { byName } from '@/ui/words.ts';

/** From so many modules on, a search helps. */
const MANY = 8;

export type Opened = 'assign' | 'template' | 'part';

/** What a tenant has, why, and all that can be done about it. Search, dialog and drawer are part of the address. */
export function OrganizationModules({ organizationId }: { organizationId: string }) {
  const m = useMessages();
  const { words = '', open, module } = useSearch({ strict: false });
  const navigate = useNavigate();
  const go = (change: { words?: string | undefined; open?: Opened | undefined; module?: string | undefined }) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...change }), replace: 'words' in change });
  const path = { organization_id: organizationId };
  const modules = useQuery(getOrganizationModulesOptions({ path }));
  const tenant = useQuery(getOrganizationOptions({ path }));
  const industries = useQuery({ ...getIndustriesOptions({ query: { include_inactive: true } }), staleTime: 60_000 });
  const industryOf = (code: string) =>
    industries.data?.items.find((one) => one.industry_code === code)?.industry_name ?? code;
  const registry = useQuery({ ...getModuleRegistryOptions(), staleTime: 60_000, enabled: open === 'template' });
  const held = modules.data?.items ?? [];
  const assignedDates = useAssignedDates(organizationId);
  const nameOf = (id: string) =>
    registry.data?.items.find((one) => one.module_id === id)?.module_name ??
    held.find((one) => one.module_id === id)?.module_name ??
    id;
  const organizationName = tenant.data?.name ?? '';
  const unassigning = useUnassign(organizationId, organizationName, industryOf, tenant.data?.status === 'suspended');
  const close = () => go({ open: undefined });
  const of = { organizationId, organizationName, held, onClose: close };
  const actions = (
    <Group gap="xs">
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => go({ open: 'assign' })}>
        {m.assignments.assignModules}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
            {m.assignments.fromTemplate}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => go({ open: 'template' })}>{m.assignments.applyTemplate}</Menu.Item>
          <Menu.Item onClick={() => go({ open: 'part' })}>{m.assignments.assignPart}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
  const found = bestFirst(held, words, searchedModule);
  return (
    <Stack>
      <Group justify="space-between">
        {held.length >= MANY || words !== '' ? (
          <SearchField
            value={words}
            onChange={(text) => go({ words: text || undefined })}
            label={m.assignments.findModule}
          />
        ) : (
          <Text fz="sm" c="dimmed">
            {modules.data && m.assignments.summary(held.length, held.filter((one) => one.effective).length)}
          </Text>
        )}
        {actions}
      </Group>
      {modules.error && modules.data === undefined ? (
        <Failed error={modules.error} onRetry={() => void modules.refetch()} />
      ) : modules.data === undefined ? (
        <LoadingRows height={52} />
      ) : held.length === 0 ? (
        <Empty icon={<IconPackages size={24} />} title={m.assignments.none} hint={m.assignments.noneHint} />
      ) : found.length === 0 ? (
        <NoMatch onClear={() => go({ words: undefined })} />
      ) : (
        byCategory(found).map(([category, ones]) => (
          <section key={category} aria-label={category}>
            <Group gap={8} mb={6}>
              <Title order={2} fz="sm">
                {category}
              </Title>
              <Text fz="sm" c="dimmed">
                {ones.length}
              </Text>
            </Group>
            <Paper component="ul" p={0} m={0} style={{ listStyle: 'none', overflow: 'hidden' }}>
              {ones.map((one) => (
                <ModuleRow
                  key={one.module_id}
                  module={one}
                  organizationId={organizationId}
                  byHandAt={assignedDates.get(one.module_id)}
                  busy={unassigning.busy === one.module_id}
                  onConfigure={() => go({ module: one.module_id })}
                  onUnassign={() => unassigning.unassign(one)}
                />
              ))}
            </Paper>
          </section>
        ))
      )}
      {unassigning.dialog}
      {open === 'assign' && modules.data && <AssignDialog {...of} />}
      {open === 'part' && modules.data && <PartDialog {...of} />}
      {open === 'template' && <TemplateDialog {...of} nameOf={nameOf} industryOf={industryOf} />}
      {module !== undefined && (
        <ConfigDrawer
          organizationId={organizationId}
          moduleId={module}
          organizationName={organizationName}
          industryOf={industryOf}
          onClose={() => go({ module: undefined })}
        />
      )}
    </Stack>
  );
}

function byCategory(modules: readonly OrganizationModule[]): readonly [string, readonly OrganizationModule[]][] {
  const groups = new Map<string, OrganizationModule[]>();
  for (const one of modules) groups.set(one.category, [...(groups.get(one.category) ?? []), one]);
  return [...groups].sort(([a], [b]) => byName(a, b));
}
