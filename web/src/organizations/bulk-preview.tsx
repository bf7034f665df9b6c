import { Alert, Box, Group, Paper, Stack, Text } from '@mantine/core';
import type { BulkForesight } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { OrganizationName } from '@/ui/names.tsx';

/** What a bulk operation would do: will change, stay as they are, will be refused and why; with some by name. */
export function BulkPreview({ dryRun }: { dryRun: BulkForesight }) {
  const m = useMessages();
  return (
    <Stack gap="xs" aria-label={m.tenants.preview} component="section">
      {!dryRun.complete && <Alert color="yellow">{m.tenants.incomplete(dryRun.examined)}</Alert>}
      <Paper>
        <Outcome
          color="teal"
          count={dryRun.would_change}
          title={m.tenants.willChange(dryRun.would_change)}
          sample={dryRun.would_change_sample}
        />
        <Outcome
          color="gray"
          count={dryRun.unchanged}
          title={m.tenants.alreadySo(dryRun.unchanged)}
          sample={dryRun.unchanged_sample}
        />
        <Outcome color="red" count={dryRun.refused} title={m.tenants.willBeRefused(dryRun.refused)} sample={[]}>
          {dryRun.refusals.map((refusal) => (
            <Box key={`${refusal.code} ${refusal.detail}`} mt={6}>
              <Text fz="sm">
                {m.common.tenants(refusal.count)}: {refusal.detail}
              </Text>
              <Sample ids={refusal.organization_ids} more={refusal.count} />
            </Box>
          ))}
        </Outcome>
      </Paper>
    </Stack>
  );
}

function Outcome({
  color,
  count,
  title,
  sample,
  children,
}: {
  color: string;
  count: number;
  title: string;
  sample: readonly string[];
  children?: React.ReactNode;
}) {
  return (
    <Group gap="xs" px="md" py={10} wrap="nowrap" align="flex-start" className="bulk-outcome">
      <Text
        fz="lg"
        fw={600}
        lh="24px"
        miw={36}
        c={count === 0 ? 'dimmed' : `var(--mantine-color-${color}-light-color)`}
      >
        {count}
      </Text>
      <Box style={{ minWidth: 0 }}>
        <Text fz="sm" fw={500} lh="24px">
          {title}
        </Text>
        <Sample ids={sample} more={count} />
        {children}
      </Box>
    </Group>
  );
}

function Sample({ ids, more }: { ids: readonly string[]; more: number }) {
  const m = useMessages();
  if (ids.length === 0) return null;
  return (
    <Text fz="xs" c="dimmed" component="div">
      {ids.map((id, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <OrganizationName id={id} fw={400} />
        </span>
      ))}
      {more > ids.length && ` ${m.tenants.andMore(more - ids.length)}`}
    </Text>
  );
}
