import { Anchor, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { OrganizationDetails, OrganizationModule } from '@modplane/client';
import { getOrganizationModulesOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { Drift } from '@/organizations/drift.tsx';
import { OrganizationActivity } from '@/organizations/organization-activity.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { byName } from '@/ui/words.ts';

const RECENT = 6;

/** What a tenant has, how far it is from its template, and what happened to it lately. */
export function OrganizationOverview({ tenant }: { tenant: OrganizationDetails }) {
  const m = useMessages();
  const id = tenant.organization_id;
  const modules = useQuery(getOrganizationModulesOptions({ path: { organization_id: id } }));
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      <Section
        title={m.tenants.modulesTab}
        more={{ to: `/super-admin/tenants/${id}?tab=modules`, text: m.tenants.toModules }}
      >
        {modules.data ? (
          <ByCategory modules={modules.data.items} />
        ) : modules.error ? (
          <Failed error={modules.error} onRetry={() => void modules.refetch()} />
        ) : (
          <LoadingRows rows={4} />
        )}
      </Section>
      <Stack gap="lg">
        <Section title={m.tenants.drift}>
          <Drift tenant={tenant} modules={modules.data?.items ?? null} />
        </Section>
        <Section
          title={m.tenants.recent}
          more={{ to: `/super-admin/tenants/${id}?tab=activity`, text: m.tenants.toActivity }}
        >
          <OrganizationActivity organizationId={id} only={RECENT} />
        </Section>
      </Stack>
    </SimpleGrid>
  );
}

function Section({
  title,
  more,
  children,
}: {
  title: string;
  more?: { readonly to: string; readonly text: string };
  children: ReactNode;
}) {
  return (
    <section>
      <Group justify="space-between" mb="xs">
        <Title order={2} fz="md">
          {title}
        </Title>
        {more && (
          <Anchor component={Link} to={more.to} fz="sm">
            {more.text}
          </Anchor>
        )}
      </Group>
      {children}
    </section>
  );
}

function ByCategory({ modules }: { modules: readonly OrganizationModule[] }) {
  const m = useMessages();
  if (modules.length === 0) {
    return (
      <Paper p="md">
        <Text fz="sm" c="dimmed">
          {m.tenants.noModules}
        </Text>
      </Paper>
    );
  }
  const groups = new Map<string, OrganizationModule[]>();
  for (const one of modules) groups.set(one.category, [...(groups.get(one.category) ?? []), one]);
  return (
    <Paper p={0}>
      {[...groups]
        .sort(([a], [b]) => byName(a, b))
        .map(([category, ones], place) => (
          <div
            key={category}
            style={{
              borderTop: place === 0 ? undefined : '1px solid var(--mantine-color-default-border)',
              padding: 12,
            }}
          >
            <Group justify="space-between" mb={8}>
              <Text fz="sm" fw={500}>
                {category}
              </Text>
              <Text fz="sm" c="dimmed">
                {m.common.modules(ones.length)}
              </Text>
            </Group>
            <Group gap="xs">
              {ones.map((one) => (
                <Group key={one.module_id} gap={6} wrap="nowrap" style={{ maxWidth: '100%' }}>
                  <ModuleIcon name={one.module_name} metadata={one.metadata} size={20} />
                  <Text fz="sm" truncate {...(one.effective ? {} : { c: 'dimmed', td: 'line-through' })}>
                    {one.module_name}
                  </Text>
                </Group>
              ))}
            </Group>
          </div>
        ))}
    </Paper>
  );
}
