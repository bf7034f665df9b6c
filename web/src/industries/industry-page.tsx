import { ActionIcon, Alert, Button, Group, Menu, Modal, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBuildingStore, IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useBlocker } from '@tanstack/react-router';
import type { IndustryDetails, IndustryModules } from '@modplane/client';
import { getIndustryModulesOptions, getIndustryOptions } from '@modplane/client/react-query';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { blockedBy } from '@/industries/blocking.ts';
import type { Registry } from '@/industries/draft.ts';
import { DeleteIndustry, EditIndustry } from '@/industries/edit-industry.tsx';
import { Standing } from '@/industries/industries-page.tsx';
import { registryById, usageByCode } from '@/industries/queries.ts';
import { TemplateEditor } from '@/industries/template-editor.tsx';
import { OrganizationsOf } from '@/industries/organizations-of.tsx';
import { UpdateOrganizations } from '@/industries/update-organizations.tsx';
import { useDraft } from '@/industries/use-draft.ts';
import { Versions } from '@/industries/versions.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { BackLink } from '@/ui/back-link.tsx';
import { Page } from '@/ui/page.tsx';
import { Empty, Failed, LoadingRows } from '@/ui/states.tsx';

const route = getRouteApi('/super-admin/industries/$code');
const NO_MODULES: Registry = new Map();

/** One template: its modules, its versions, and who has it. */
export function IndustryPage() {
  const { code } = route.useParams();
  const all = useMessages();
  const industry = useQuery(getIndustryOptions({ path: { industry_code: code } }));
  const modules = useQuery(getIndustryModulesOptions({ path: { industry_code: code } }));
  const registry = useQuery(registryById());
  if (industry.data !== undefined && modules.data !== undefined) {
    return (
      <Template
        key={code}
        industry={industry.data}
        modules={modules.data}
        registry={registry.data ?? NO_MODULES}
        isRegistryKnown={registry.data !== undefined}
      />
    );
  }
  const error = industry.error ?? modules.error;
  if (problemOf(error)?.status === 404) {
    return (
      <Page title={code} above={<Above />}>
        <Empty
          icon={<IconBuildingStore size={24} />}
          title={all.industries.notFound}
          hint={all.common.notFoundDetail}
        />
      </Page>
    );
  }
  return (
    <Page title={code} above={<Above />}>
      {error === null ? (
        <LoadingRows rows={8} height={48} />
      ) : (
        <Failed
          error={error}
          onRetry={() => {
            void industry.refetch();
            void modules.refetch();
          }}
        />
      )}
    </Page>
  );
}

function Template({
  industry,
  modules,
  registry,
  isRegistryKnown,
}: {
  industry: IndustryDetails;
  modules: IndustryModules;
  registry: Registry;
  isRegistryKnown: boolean;
}) {
  const messages = useMessages();
  const m = messages.industries;
  const navigate = route.useNavigate();
  const { tab = 'modules' } = route.useSearch();
  const usage = useQuery(usageByCode()).data?.get(industry.industry_code);
  const editing = useDraft(modules);
  const [updating, update] = useDisclosure(false);
  return (
    <Page
      title={industry.industry_name}
      above={<Above />}
      subtitle={
        <Group gap={10}>
          <Copyable value={industry.industry_code} />
          <span>{m.modulesRequired(industry.module_count, industry.required_count)}</span>
          <span>{m.versionOf(industry.version)}</span>
          <Standing one={industry} shownActive />
        </Group>
      }
      action={<Actions industry={industry} tenants={usage === undefined ? 0 : usage.on_current + usage.on_older} />}
    >
      {industry.description !== '' && (
        <Text fz="sm" maw={720} style={{ overflowWrap: 'anywhere' }}>
          {industry.description}
        </Text>
      )}
      {industry.is_active && industry.blocking.length > 0 && (
        <Alert color="orange">{blockedBy(industry.blocking, messages)}</Alert>
      )}
      <Tabs
        value={tab}
        onChange={(chosen) =>
          void navigate({ search: { tab: chosen === 'modules' ? undefined : (chosen ?? undefined) }, replace: true })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="modules">{m.tabModules}</Tabs.Tab>
          <Tabs.Tab value="versions">{m.tabVersions}</Tabs.Tab>
          <Tabs.Tab value="tenants">{m.tabTenants}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="modules">
          {isRegistryKnown ? (
            <TemplateEditor
              industry={industry}
              editing={editing}
              registry={registry}
              usage={usage}
              onUpdateOrganizations={update.open}
            />
          ) : (
            <LoadingRows rows={8} height={48} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions code={industry.industry_code} registry={registry} />
        </Tabs.Panel>
        <Tabs.Panel value="tenants">
          <OrganizationsOf code={industry.industry_code} current={industry.version} />
        </Tabs.Panel>
      </Tabs>
      <UpdateOrganizations
        opened={updating}
        onClose={update.close}
        code={industry.industry_code}
        version={industry.version}
        usage={usage}
      />
      <LeaveGuard isDirty={editing.isDirty} />
    </Page>
  );
}

function Above() {
  const { shell } = useMessages();
  return <BackLink to="/super-admin/industries">{shell.industries}</BackLink>;
}

function Actions({ industry, tenants }: { industry: IndustryDetails; tenants: number }) {
  const { common, industries: m } = useMessages();
  const [editing, edit] = useDisclosure(false);
  const [removing, remove] = useDisclosure(false);
  return (
    <Group gap={8}>
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
        {m.edit}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={common.more}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={remove.open}>
            {m.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <EditIndustry opened={editing} onClose={edit.close} industry={industry} />
      <DeleteIndustry opened={removing} onClose={remove.close} industry={industry} tenants={tenants} />
    </Group>
  );
}

/** Unsaved changes are not left behind by a click. Tabs of this page keep them. */
function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const m = useMessages().industries;
  const leaving = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  const isAsking = leaving.status === 'blocked';
  return (
    <Modal opened={isAsking} onClose={() => leaving.reset?.()} title={m.leaveTitle} withCloseButton={false}>
      <Stack>
        <Text fz="sm">{m.leaveHint}</Text>
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={() => leaving.reset?.()}>
            {m.stay}
          </Button>
          <Button color="red" onClick={() => leaving.proceed?.()}>
            {m.leave}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
