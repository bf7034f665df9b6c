import { Button, Checkbox, Group, Modal, SegmentedControl, Select, Stack, Text, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { limits, operations, type OrganizationFilter } from '@modplane/client';
import {
  getIndustriesOptions,
  getModuleRegistryOptions,
  startBulkOperationMutation,
} from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { type Action, type Choice, UNCHOSEN, commandOf } from '@/organizations/bulk-commands.ts';
import { BulkPreview } from '@/organizations/bulk-preview.tsx';
import type { Selection } from '@/organizations/selection.ts';
import { useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { LoadingRows } from '@/ui/states.tsx';

const CHOICES = 60;

/** One command for the chosen tenants: what it would do to whom is shown before anything happens. */
export function BulkDialog({
  action,
  selection,
  filter,
  onClose,
}: {
  action: Action;
  selection: Selection;
  filter: OrganizationFilter;
  onClose: () => void;
}) {
  const m = useMessages();
  const navigate = useNavigate();
  const [choice, setChoice] = useState<Choice>(UNCHOSEN);
  const [reason, setReason] = useState('');
  const guard = useDiscardGuard(onClose);
  useTellDirty(reason.trim() !== '', guard.setDirty);
  const command = commandOf(action, choice);
  const whom = selection.kind === 'all' ? { filter } : { organization_ids: [...selection.ids] };
  const [asked] = useDebouncedValue(JSON.stringify({ command, ...whom }), 150);
  const isSettled = asked === JSON.stringify({ command, ...whom });
  const preview = useQuery({
    queryKey: ['bulkDryRun', asked],
    queryFn: async ({ signal }) => {
      if (command === null) return null;
      const body = { command, ...whom };
      const { data } = await operations.startBulkOperation({
        body,
        query: { dry_run: true },
        signal,
        throwOnError: true,
      });
      return 'dry_run' in data ? data : null;
    },
    enabled: command !== null && isSettled,
    // Previewing many costs seconds: not anew with every event of the service.
    staleTime: 'static',
    gcTime: 0,
  });
  const start = useMutation({ ...startBulkOperationMutation(), meta: { isHandled: true } });
  const begin = () => {
    if (command === null) return;
    start.mutate(
      { body: { command, ...whom }, ...(reason.trim() ? { query: { reason: reason.trim() } } : {}) },
      {
        onSuccess: (answer) => {
          if ('bulk_operation_id' in answer)
            guard.leave(() => void navigate({ to: '/super-admin/bulk/$id', params: { id: answer.bulk_operation_id } }));
        },
      },
    );
  };
  const dryRun = command !== null && isSettled ? (preview.data ?? null) : null;
  const nothingToDo = dryRun !== null && dryRun.complete && dryRun.would_change === 0;
  const count = selection.kind === 'all' ? selection.count : selection.ids.size;
  return (
    <Modal
      opened
      onClose={guard.close}
      size="lg"
      title={<Text fw={600}>{m.tenants.bulkTitle[action](count)}</Text>}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Stack>
        <Chooser action={action} choice={choice} onChange={setChoice} />
        {command === null ? (
          <Text c="dimmed" fz="sm">
            {m.tenants.previewHint}
          </Text>
        ) : preview.error ? (
          <ProblemAlert error={preview.error} />
        ) : dryRun === null ? (
          <LoadingRows rows={3} height={56} />
        ) : (
          <BulkPreview dryRun={dryRun} />
        )}
        <Textarea
          label={m.common.reason}
          description={m.common.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={limits.query.reason}
          rows={2}
        />
        <ProblemAlert error={start.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={guard.close}>
            {m.common.cancel}
          </Button>
          <Button
            color={action === 'suspend' || action === 'unassign' ? 'red.9' : undefined}
            onClick={begin}
            disabled={dryRun === null || nothingToDo}
            loading={start.isPending}
          >
            {dryRun === null
              ? m.tenants.actions[action]
              : m.tenants.doTo(m.tenants.actions[action], dryRun.would_change, dryRun.complete)}
          </Button>
        </Group>
      </Stack>
      {guard.question}
    </Modal>
  );
}

function Chooser({ action, choice, onChange }: { action: Action; choice: Choice; onChange: (choice: Choice) => void }) {
  const m = useMessages();
  const industries = useQuery({ ...getIndustriesOptions(), enabled: action === 'apply', staleTime: 60_000 });
  const needsModule = action === 'assign' || action === 'unassign';
  const modules = useQuery({ ...getModuleRegistryOptions(), enabled: needsModule, staleTime: 60_000 });
  if (action === 'apply') {
    return (
      <Stack gap="xs">
        <Select
          label={m.tenants.template}
          placeholder={m.tenants.chooseTemplate}
          data={(industries.data?.items ?? []).map((one) => ({
            value: one.industry_code,
            label: `${one.industry_name} · ${m.tenants.version(one.version)}`,
            disabled: !one.applicable,
          }))}
          value={choice.industry}
          onChange={(industry) => onChange({ ...choice, industry })}
          searchable
          limit={CHOICES}
          nothingFoundMessage={m.common.noMatch}
          data-autofocus
        />
        <SegmentedControl
          aria-label={m.tenants.mode}
          value={choice.mode}
          onChange={(mode) => onChange({ ...choice, mode })}
          data={[
            { value: 'add', label: m.tenants.modeAdd },
            { value: 'replace', label: m.tenants.modeReplace },
          ]}
          style={{ alignSelf: 'flex-start' }}
        />
        <Text fz="sm" c="dimmed">
          {choice.mode === 'add' ? m.tenants.modeAddHint : m.tenants.modeReplaceHint}
        </Text>
      </Stack>
    );
  }
  if (needsModule) {
    return (
      <Stack gap="xs">
        <Select
          label={m.tenants.module}
          placeholder={m.tenants.chooseModule}
          data={(modules.data?.items ?? []).map((one) => ({
            value: one.module_id,
            label: one.is_active ? one.module_name : m.tenants.inactiveModule(one.module_name),
            disabled: action === 'assign' && !one.is_active,
          }))}
          value={choice.module}
          onChange={(module) => onChange({ ...choice, module })}
          searchable
          limit={CHOICES}
          nothingFoundMessage={m.common.noMatch}
          data-autofocus
        />
        {action === 'unassign' && (
          <Checkbox
            label={m.tenants.force}
            description={m.tenants.forceHint}
            checked={choice.force}
            onChange={(event) => onChange({ ...choice, force: event.currentTarget.checked })}
          />
        )}
      </Stack>
    );
  }
  return (
    <Text fz="sm" c="dimmed">
      {action === 'suspend' ? m.tenants.suspendHint : m.tenants.reactivateHint}
    </Text>
  );
}
