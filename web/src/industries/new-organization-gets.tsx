import { Alert, Badge, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { IndustryResult } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { type Registry, nameIn } from '@/industries/draft.ts';
import type { Judgement } from '@/industries/queries.ts';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { describeProblem } from '@/ui/problem.tsx';
import { LoadingRows } from '@/ui/states.tsx';

type DryRun = IndustryResult & { readonly judged: ReadonlyMap<string, Judgement> };

/** What a signup with the list as it is here comes to, all of it told by the service. */
export function NewOrganizationGets({
  result,
  error,
  registry,
}: {
  result: DryRun | undefined;
  error: unknown;
  registry: Registry;
}) {
  const m = useMessages().industries;
  return (
    <Paper component="section" p="md" aria-labelledby="new-tenant-gets">
      <Title order={2} fz="md" id="new-tenant-gets">
        {m.gets}
      </Title>
      <Text fz="xs" c="dimmed" mb="sm">
        {m.getsHint}
      </Text>
      {error !== null && <NotSavable error={error} />}
      {result === undefined && error === null && <LoadingRows rows={4} height={28} />}
      {result !== undefined && error === null && <Given result={result} registry={registry} />}
    </Paper>
  );
}

function NotSavable({ error }: { error: unknown }) {
  const m = useMessages();
  const { detail, fields } = describeProblem(error, m);
  return (
    <Alert
      color="red"
      title={m.industries.getsRefused}
      icon={<IconAlertTriangle size={18} aria-hidden />}
      role="status"
    >
      <Text fz="sm">{detail}</Text>
      {fields.map((field) => (
        <Text key={`${field.pointer} ${field.message}`} fz="sm" style={{ overflowWrap: 'anywhere' }}>
          {field.message}
        </Text>
      ))}
    </Alert>
  );
}

function Given({ result, registry }: { result: DryRun; registry: Registry }) {
  const m = useMessages().industries;
  const states = result.modules.map((one) => ({ one, judged: result.judged.get(one.module_id) }));
  const isGiven = (judged: Judgement | undefined) => judged?.state === 'assignable';
  const blocking = states.filter(({ one, judged }) => one.is_required && !isGiven(judged));
  const given = states.filter(({ judged }) => isGiven(judged)).map(({ one }) => one);
  const left = states.filter(({ one, judged }) => !one.is_required && !isGiven(judged)).map(({ one }) => one);
  if (blocking.length > 0) {
    return (
      <Alert color="orange" title={m.getsBlocked} icon={<IconAlertTriangle size={18} aria-hidden />} role="status">
        {blocking.map(({ one, judged }) => (
          <Text key={one.module_id} fz="sm" style={{ overflowWrap: 'anywhere' }}>
            <strong>{nameIn(registry, one.module_id)}</strong>{' '}
            {judged?.state === 'config_invalid'
              ? m.invalidRequired(
                  judged.config_errors.map(({ pointer, message }) => `${pointer} ${message}`).join(', '),
                )
              : judged?.state === 'inactive'
                ? m.inactiveRequired
                : m.missingRequired}
          </Text>
        ))}
      </Alert>
    );
  }
  return (
    <Stack gap="xs">
      {!result.is_active && (
        <Text fz="sm" c="var(--mantine-color-orange-light-color)">
          {m.getsInactive}
        </Text>
      )}
      <Text fz="sm" fw={600} role="status">
        {given.length === 0 ? m.getsNothing : m.getsCount(given.length)}
      </Text>
      <ul aria-labelledby="new-tenant-gets" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
        {given.map((one) => (
          <Group component="li" key={one.module_id} gap={8} wrap="nowrap" py={4}>
            <ModuleIcon
              name={nameIn(registry, one.module_id)}
              metadata={registry.get(one.module_id)?.metadata ?? {}}
              size={22}
            />
            <Text fz="sm" truncate style={{ flex: 1 }} title={nameIn(registry, one.module_id)}>
              {nameIn(registry, one.module_id)}
            </Text>
            <Badge
              variant="light"
              color={one.is_required ? 'indigo' : 'gray'}
              radius="sm"
              tt="none"
              fw={500}
              style={{ flexShrink: 0 }}
            >
              {one.is_required ? m.required : m.optional}
            </Badge>
          </Group>
        ))}
      </ul>
      {left.length > 0 && (
        <Text fz="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {m.leftOut}: {left.map((one) => nameIn(registry, one.module_id)).join(', ')}
        </Text>
      )}
    </Stack>
  );
}
