import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { OrganizationDetails, OrganizationModule } from '@modplane/client';
import { getIndustryModulesOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';

/** How a tenant differs from what its industry's template would give today. */
export function Drift({
  tenant,
  modules,
}: {
  tenant: OrganizationDetails;
  modules: readonly OrganizationModule[] | null;
}) {
  const m = useMessages();
  const code = tenant.industry_code;
  const template = useQuery({
    ...getIndustryModulesOptions({ path: { industry_code: code ?? '' } }),
    enabled: code !== null,
  });
  if (code === null) return <Note text={m.tenants.driftNoIndustry} />;
  if (template.error) return <Failed error={template.error} onRetry={() => void template.refetch()} />;
  if (template.data === undefined || modules === null) return <LoadingRows rows={2} />;
  const { items, version, industry_name: industry } = template.data;
  const inTemplate = new Set(items.map((one) => one.module_id));
  const has = new Set(modules.map((one) => one.module_id));
  const missing = items.filter((one) => !has.has(one.module_id)).map((one) => one.module_name ?? one.module_id);
  const extra = modules.filter((one) => !inTemplate.has(one.module_id)).map((one) => one.module_name);
  const versions = modules
    .flatMap((one) => one.sources)
    .filter((source) => source.industry_code === code)
    .map((source) => source.version ?? 0);
  const had = Math.max(0, ...versions);
  const isBehind = had > 0 && had < version;
  if (missing.length === 0 && extra.length === 0 && !isBehind) {
    return <Note text={m.tenants.noDrift(industry, version)} isGood />;
  }
  return (
    <Paper p="sm">
      <Stack gap={6}>
        {isBehind && <Text fz="sm">{m.tenants.behind(industry, had, version)}</Text>}
        <Names label={m.tenants.missing} names={missing} />
        <Names label={m.tenants.extra} names={extra} />
        <Anchor
          component={Link}
          to={`/super-admin/tenants/${tenant.organization_id}?tab=modules&open=template`}
          fz="sm"
        >
          {m.tenants.toTemplate}
        </Anchor>
      </Stack>
    </Paper>
  );
}

function Names({ label, names }: { label: string; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <Text fz="sm">
      <Text span inherit c="dimmed">
        {label}:
      </Text>{' '}
      {names.join(', ')}
    </Text>
  );
}

function Note({ text, isGood = false }: { text: string; isGood?: boolean }) {
  return (
    <Paper p="sm">
      <Group gap={8} wrap="nowrap">
        {isGood && <IconCircleCheck size={18} color="var(--mantine-color-teal-light-color)" aria-hidden />}
        <Text fz="sm" c="dimmed">
          {text}
        </Text>
      </Group>
    </Paper>
  );
}
