import { Alert, Button, Group, List, Modal, SegmentedControl, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { limits, operations, outcome } from '@modplane/client';
import { isConflict } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { type DryRun, dryRunOf, movedBetween } from '@/assignments/dry-run.ts';
import { TemplatePreview } from '@/assignments/template-preview.tsx';
import { TemplateSelect } from '@/assignments/template-select.tsx';
import { withDiscarded } from '@/assignments/mutations.ts';
import { eventsSince } from '@/ui/events-since.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { LoadingRows } from '@/ui/states.tsx';
import { WhoChanged } from '@/ui/who-changed.tsx';

type Mode = 'add' | 'replace';

/** Applies a template: what it would do is shown first, and what is done is that or nothing. */
export function TemplateDialog({
  organizationId,
  organizationName,
  nameOf,
  industryOf,
  onClose,
}: {
  organizationId: string;
  organizationName: string;
  nameOf: (moduleId: string) => string;
  industryOf: (code: string) => string;
  onClose: () => void;
}) {
  const m = useMessages();
  const [code, setCode] = useState<string | null>(null);
  const [mode, setMode] = useState<Mode>('add');
  const [reason, setReason] = useState('');
  const guard = useDiscardGuard(onClose);
  useTellDirty(reason.trim() !== '', guard.setDirty);
  const [attempt, setAttempt] = useState(0);
  /** What was shown before things moved. */
  const [stale, setStale] = useState<DryRun | null>(null);
  const preview = useQuery({
    queryKey: ['templateDryRun', organizationId, code, mode, attempt],
    queryFn: async ({ signal }) => {
      const body = { industry_code: code ?? '', mode };
      const path = { organization_id: organizationId };
      const { data } = await operations.applyIndustryTemplate({
        path,
        body,
        query: { dry_run: true },
        signal,
        throwOnError: true,
      });
      return data.status === 'pending' ? null : dryRunOf(data);
    },
    enabled: code !== null,
    // It stays what the person saw: a later state is another preview.
    staleTime: 'static',
    gcTime: 0,
  });
  const dryRun = preview.data ?? null;
  const apply = useMutation({
    mutationFn: ({ preview: bound, sequence }: DryRun) =>
      outcome({ headers: { 'If-Match': `"${sequence}"` } }, (headers) =>
        operations.applyIndustryTemplate({
          path: { organization_id: organizationId },
          body: { industry_code: code ?? '', mode },
          query: { preview: bound, ...(reason.trim() ? { reason: reason.trim() } : {}) },
          headers,
          throwOnError: true,
        }),
      ),
    meta: { isHandled: true },
    onSuccess: ({ discarded_configs: discarded }, { version }) => {
      const applied = m.assignments.applied(industryOf(code ?? ''), version, organizationName);
      notifyDone(withDiscarded(applied, discarded.map(nameOf), m), m);
      guard.leave(onClose);
    },
    onError: (error, shown) => {
      if (!isConflict(error)) return;
      setStale(shown);
      setAttempt((before) => before + 1);
    },
  });
  const choose = (next: { code?: string | null; mode?: Mode }) => {
    apply.reset();
    setStale(null);
    if (next.code !== undefined) setCode(next.code);
    if (next.mode !== undefined) setMode(next.mode);
  };
  const since = eventsSince(apply.error).at(-1);
  const moved = stale && dryRun ? movedBetween(stale, dryRun) : null;
  return (
    <Modal
      opened
      onClose={guard.close}
      size="lg"
      title={<Text fw={600}>{m.assignments.applyTitle(organizationName)}</Text>}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Stack>
        <TemplateSelect value={code} needsApplicable onChange={(next) => choose({ code: next })} />
        <Group gap="sm">
          <SegmentedControl
            aria-label={m.assignments.mode}
            value={mode}
            onChange={(next) => choose({ mode: next })}
            data={[
              { value: 'add', label: m.assignments.modeAdd },
              { value: 'replace', label: m.assignments.modeReplace },
            ]}
          />
          <Text fz="sm" c="dimmed" style={{ flex: 1 }}>
            {mode === 'add' ? m.assignments.modeAddHint : m.assignments.modeReplaceHint}
          </Text>
        </Group>
        {moved && (
          <Alert color="yellow" title={m.assignments.staleTitle} role="alert">
            {since && <WhoChanged event={since} organizationId={organizationId} />}
            {moved.length === 0 ? (
              m.assignments.staleSame
            ) : (
              <List fz="sm">
                {moved.map(({ id, before, after }) => (
                  <List.Item key={id}>
                    {m.assignments.moved(nameOf(id), m.assignments.fates[before], m.assignments.fates[after])}
                  </List.Item>
                ))}
              </List>
            )}
          </Alert>
        )}
        {code === null ? (
          <Text fz="sm" c="dimmed">
            {m.assignments.previewHint}
          </Text>
        ) : preview.error ? (
          <ProblemAlert error={preview.error} />
        ) : dryRun === null ? (
          <LoadingRows rows={4} height={32} />
        ) : (
          <TemplatePreview dryRun={dryRun} nameOf={nameOf} />
        )}
        {!isConflict(apply.error) && <ProblemAlert error={apply.error} />}
        <Textarea
          label={m.common.reason}
          description={m.common.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={limits.query.reason}
          rows={2}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={guard.close}>
            {m.common.cancel}
          </Button>
          <Button
            disabled={dryRun === null || !dryRun.changes}
            loading={apply.isPending}
            onClick={() => {
              if (dryRun) apply.mutate(dryRun);
            }}
          >
            {m.assignments.apply}
          </Button>
        </Group>
      </Stack>
      {guard.question}
    </Modal>
  );
}
