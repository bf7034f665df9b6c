import { Button, Checkbox, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type BulkRequest, type IndustryUsage, operations, randomId } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import classes from '@/industries/industries.module.css';
import { organizationsOf } from '@/industries/organizations-of.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

/** Applies the current version to tenants on older ones, all or some: what would happen is said first. */
export function UpdateOrganizations({
  opened,
  onClose,
  code,
  version,
  usage,
}: {
  opened: boolean;
  onClose: () => void;
  code: string;
  version: number;
  usage: IndustryUsage | undefined;
}) {
  const { common, industries: m } = useMessages();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={m.updateTitle}
      closeButtonProps={{ 'aria-label': common.close }}
    >
      {usage === undefined || usage.on_older === 0 ? (
        <Text c="dimmed">{m.updateNobody}</Text>
      ) : (
        <Choice onClose={onClose} code={code} version={version} older={usage.on_older} />
      )}
    </Modal>
  );
}

function Choice({
  onClose,
  code,
  version,
  older,
}: {
  onClose: () => void;
  code: string;
  version: number;
  older: number;
}) {
  const m = useMessages().industries;
  const navigate = useNavigate();
  const [which, setWhich] = useState<'all' | 'some'>('all');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const isEmpty = which === 'some' && chosen.length === 0;
  const body: BulkRequest = {
    command: { type: 'apply_industry', industry_code: code },
    ...(which === 'all'
      ? { filter: { template_code: code, template_version: { older_than: version } } }
      : { organization_ids: [...chosen] }),
  };
  const preview = useQuery({
    queryKey: ['bulk preview', body],
    queryFn: async ({ signal }) => {
      const { data } = await operations.startBulkOperation({ body, query: { dry_run: true }, signal });
      return 'would_change' in data ? data : null;
    },
    enabled: !isEmpty,
  });
  // What is said to be updated is what was selected, as soon as that is known.
  const selected = which === 'some' ? chosen.length : preview.data?.complete ? preview.data.examined : older;
  const start = useMutation({
    meta: { isHandled: true },
    mutationFn: () => operations.startBulkOperation({ body, headers: { 'Idempotency-Key': randomId() } }),
    onSuccess: ({ data }) => {
      if (!('bulk_operation_id' in data)) return;
      void navigate({ to: '/super-admin/bulk/$id', params: { id: data.bulk_operation_id } });
    },
  });
  return (
    <Stack>
      <Text fz="sm" c="dimmed">
        {m.updateHint(version)}
      </Text>
      <Radio.Group
        value={which}
        onChange={(value) => setWhich(value === 'some' ? 'some' : 'all')}
        aria-label={m.updateTitle}
      >
        <Stack gap="xs">
          <Radio value="all" label={m.updateAll(which === 'all' ? selected : older)} />
          <Radio value="some" label={m.updateSome} />
        </Stack>
      </Radio.Group>
      {which === 'some' && <Older code={code} version={version} chosen={chosen} onChoose={setChosen} />}
      <Text fz="sm" role="status" mih={20}>
        {!isEmpty &&
          preview.data != null &&
          m.updatePreview(preview.data.would_change, preview.data.unchanged, preview.data.refused)}
      </Text>
      <ProblemAlert error={start.error ?? preview.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {m.later}
        </Button>
        <Button disabled={isEmpty || preview.data == null} loading={start.isPending} onClick={() => start.mutate()}>
          {m.updateStart(selected)}
        </Button>
      </Group>
    </Stack>
  );
}

function Older({
  code,
  version,
  chosen,
  onChoose,
}: {
  code: string;
  version: number;
  chosen: readonly string[];
  onChoose: (ids: readonly string[]) => void;
}) {
  const m = useMessages().industries;
  const pages = useInfiniteQuery(organizationsOf(code, 'older'));
  const tenants = pages.data?.pages.flatMap((page) => page.items).filter((one) => one.version < version) ?? [];
  return (
    <div className={classes.picks} role="group" aria-label={m.updateSome} tabIndex={-1}>
      {tenants.map((one) => (
        <label key={one.organization_id} className={classes.pick}>
          <Checkbox
            aria-label={one.name}
            checked={chosen.includes(one.organization_id)}
            onChange={(event) =>
              onChoose(
                event.currentTarget.checked
                  ? [...chosen, one.organization_id]
                  : chosen.filter((id) => id !== one.organization_id),
              )
            }
          />
          <Text fz="sm" style={{ flex: 1, overflowWrap: 'anywhere' }}>
            {one.name}
          </Text>
          <Text fz="xs" c="dimmed">
            {m.versionOf(one.version)}
          </Text>
        </label>
      ))}
      {pages.hasNextPage && (
        <Button m="xs" size="xs" variant="default" onClick={() => void pages.fetchNextPage()}>
          {m.moreTenants}
        </Button>
      )}
    </div>
  );
}
