import { Alert, Button, Group, Paper, Progress, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { BulkProgress } from '@modplane/client';
import {
  cancelBulkOperationMutation,
  getBulkOperationOptions,
  retryBulkOperationMutation,
} from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { commandInWords } from '@/organizations/bulk-commands.ts';
import { BulkItems } from '@/organizations/bulk-items.tsx';
import { useNames } from '@/organizations/use-names.ts';
import { Copyable } from '@/ui/copyable.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { BackLink } from '@/ui/back-link.tsx';
import { Page } from '@/ui/page.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';
import { TimeAgo } from '@/ui/time-ago.tsx';

const route = getRouteApi('/super-admin/bulk/$id');

/** While it runs, how it goes is asked for this often. */
const POLL_MS = 1_000;

export const OUTCOMES = ['applied', 'unchanged', 'rejected', 'failed', 'cancelled'] as const;
export const COLORS = {
  applied: 'teal',
  unchanged: 'gray.5',
  rejected: 'orange',
  failed: 'red',
  cancelled: 'gray.4',
} as const;

const isRunning = (bulk: BulkProgress) => bulk.status !== 'finished' && bulk.status !== 'cancelled';

/** How a bulk action goes, tenant by tenant. It goes on whether or not anybody looks. */
export function BulkPage() {
  const m = useMessages();
  const { id } = route.useParams();
  const { outcome } = route.useSearch();
  const navigate = route.useNavigate();
  const named = useNames();
  const bulk = useQuery({
    ...getBulkOperationOptions({ path: { bulk_operation_id: id } }),
    refetchInterval: ({ state }) => (state.data && !isRunning(state.data) ? false : POLL_MS),
  });
  if (bulk.data === undefined) {
    return (
      <Page title={m.tenants.bulkAction} above={<Back />}>
        {bulk.error ? <Failed error={bulk.error} onRetry={() => void bulk.refetch()} /> : <LoadingRows />}
      </Page>
    );
  }
  const { command, status, counts, total, reason, refusals, created_at, finished_at } = bulk.data;
  const outcomes = OUTCOMES.filter((one) => counts[one] > 0 || one === outcome);
  return (
    <Page
      title={m.tenants.bulkSentence(commandInWords(command, m, named), total)}
      above={<Back />}
      action={<Actions bulk={bulk.data} />}
      subtitle={
        <Group gap={6}>
          <span>{m.tenants.bulkStatus[status]}</span>·<TimeAgo at={finished_at ?? created_at} />·
          <Copyable value={id} shown={id.slice(0, 8)} label={m.common.operation} />
          {reason !== null && (
            <>
              · <span>{m.tenants.because(reason)}</span>
            </>
          )}
        </Group>
      }
    >
      <ProgressPaper bulk={bulk.data} />
      {refusals.length > 0 && (
        <Alert color="orange" title={m.tenants.whyNot}>
          <Stack gap={4}>
            {refusals.map((refusal) => (
              <Text key={`${refusal.code} ${refusal.detail}`} fz="sm">
                {m.common.tenants(refusal.count)}: {refusal.detail}
              </Text>
            ))}
          </Stack>
        </Alert>
      )}
      <SegmentedControl
        aria-label={m.tenants.outcome}
        value={outcome ?? ''}
        onChange={(value) =>
          void navigate({ search: { outcome: OUTCOMES.find((one) => one === value) }, replace: true })
        }
        data={[
          { value: '', label: m.tenants.everyOne },
          ...outcomes.map((one) => ({ value: one, label: `${m.tenants.outcomes[one]} · ${counts[one]}` })),
        ]}
        style={{ alignSelf: 'flex-start', maxWidth: '100%', overflowX: 'auto' }}
      />
      <BulkItems
        key={id}
        id={id}
        outcome={outcome}
        progress={JSON.stringify([status, total, counts])}
        expected={outcome === undefined ? total : counts[outcome]}
      />
    </Page>
  );
}

function Back() {
  const m = useMessages();
  return <BackLink to="/super-admin/tenants">{m.tenants.title}</BackLink>;
}

function Actions({ bulk }: { bulk: BulkProgress }) {
  const m = useMessages();
  const cancel = useMutation(cancelBulkOperationMutation());
  const retry = useMutation(retryBulkOperationMutation());
  const path = { bulk_operation_id: bulk.bulk_operation_id };
  const again = bulk.counts.rejected + bulk.counts.failed;
  if (isRunning(bulk)) {
    return (
      <Button
        variant="default"
        loading={cancel.isPending}
        disabled={bulk.status === 'cancelling'}
        onClick={() => cancel.mutate({ path })}
      >
        {m.tenants.cancelRest}
      </Button>
    );
  }
  if (again === 0) return null;
  return (
    <Button
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={retry.isPending}
      onClick={() => retry.mutate({ path }, { onSuccess: () => notifyDone(m.tenants.retried(again), m) })}
    >
      {m.tenants.retryFailed(again)}
    </Button>
  );
}

function ProgressPaper({ bulk }: { bulk: BulkProgress }) {
  const m = useMessages();
  const { counts, total } = bulk;
  const done = total - counts.waiting;
  return (
    <Paper p="md">
      <Stack gap="xs">
        <Group justify="space-between">
          <Text fz="sm" fw={500} aria-live="polite">
            {bulk.status === 'selecting' ? m.tenants.selecting : m.tenants.progress(done, total)}
          </Text>
          <Text fz="sm" c="dimmed">
            {isRunning(bulk) ? m.tenants.mayClose : ''}
          </Text>
        </Group>
        <Progress.Root size={10} radius="xl" role="presentation">
          {OUTCOMES.filter((one) => counts[one] > 0).map((one) => (
            <Progress.Section
              key={one}
              value={(100 * counts[one]) / Math.max(total, 1)}
              color={COLORS[one]}
              aria-label={`${m.tenants.outcomes[one]}: ${counts[one]}`}
            />
          ))}
        </Progress.Root>
        <Group gap="lg">
          {OUTCOMES.filter((one) => counts[one] > 0).map((one) => (
            <Group key={one} gap={6}>
              <span
                aria-hidden
                style={{
                  width: 8,
                  height: 8,
                  borderRadius: 8,
                  background: `var(--mantine-color-${COLORS[one].replace('.', '-')}${COLORS[one].includes('.') ? '' : '-filled'})`,
                }}
              />
              <Text fz="sm">
                {m.tenants.outcomes[one]} {counts[one]}
              </Text>
            </Group>
          ))}
          {counts.waiting > 0 && (
            <Text fz="sm" c="dimmed">
              {m.tenants.waiting} {counts.waiting}
            </Text>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}
