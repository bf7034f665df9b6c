import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { bulkAssignModules, type IndustryModule, type OrganizationModule } from '@modplane/client';
import { getIndustryModulesOptions, getModuleRegistryOptions } from '@modplane/client/react-query';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { PickList } from '@/assignments/pick-list.tsx';
import { TemplateSelect } from '@/assignments/template-select.tsx';
import { unassignAll } from '@/assignments/writes.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';

/** Assigns some of a template's modules, with its defaults and as part of it. */
export function PartDialog({
  organizationId,
  tenantName,
  held,
  onClose,
}: {
  organizationId: string;
  tenantName: string;
  held: readonly OrganizationModule[];
  onClose: () => void;
}) {
  const m = useMessages();
  const [code, setCode] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const template = useQuery({
    ...getIndustryModulesOptions({ path: { industry_code: code ?? '' } }),
    enabled: code !== null,
  });
  const registry = useQuery({ ...getModuleRegistryOptions(), staleTime: 60_000 });
  const items = (code === null ? [] : (template.data?.items ?? [])).map((one) => ({
    id: one.module_id,
    name: one.module_name ?? one.module_id,
    about: one.category ?? one.module_id,
    metadata: registry.data?.items.find((each) => each.module_id === one.module_id)?.metadata ?? {},
    badge: one.is_required ? m.assignments.required : undefined,
    unavailable: why(one, held, code ?? '', m),
  }));
  const free = items.filter((one) => one.unavailable === null);
  const ids = free.filter((one) => chosen.has(one.id)).map((one) => one.id);
  const assign = useMutation({
    mutationFn: () => bulkAssignModules(organizationId, ids, code ?? ''),
    meta: { told: true },
    onSuccess: () => {
      const names = free.filter((one) => ids.includes(one.id)).map((one) => one.name);
      const fresh = ids.filter((id) => !held.some((one) => one.module_id === id));
      const undo = fresh.length === ids.length ? () => unassignAll(organizationId, fresh) : undefined;
      notifyDone(m.assignments.assigned(names, tenantName), m, undo);
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={600}>{m.assignments.partTitle(tenantName)}</Text>}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Stack>
        <TemplateSelect
          value={code}
          needsApplicable={false}
          onChange={(next) => {
            setCode(next);
            setChosen(new Set());
          }}
        />
        {code === null ? (
          <Text fz="sm" c="dimmed">
            {m.assignments.partHint}
          </Text>
        ) : template.error ? (
          <Failed error={template.error} onRetry={() => void template.refetch()} />
        ) : template.data === undefined ? (
          <LoadingRows rows={4} />
        ) : (
          <PickList
            label={m.assignments.modules}
            items={items}
            chosen={chosen}
            onChange={setChosen}
            above={
              <Button
                variant="default"
                disabled={free.length === 0}
                onClick={() => setChosen(new Set(free.map((one) => one.id)))}
              >
                {m.assignments.all}
              </Button>
            }
          />
        )}
        <ProblemAlert error={assign.error} />
        <Group justify="space-between">
          <Text fz="sm" c="dimmed" aria-live="polite">
            {m.common.selected(ids.length)}
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {m.common.cancel}
            </Button>
            <Button disabled={ids.length === 0} loading={assign.isPending} onClick={() => assign.mutate()}>
              {m.assignments.assign(ids.length)}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}

function why(one: IndustryModule, held: readonly OrganizationModule[], code: string, m: Messages): string | null {
  if (one.state === 'missing') return m.assignments.moduleMissing;
  if (one.state === 'inactive') return m.assignments.moduleInactive;
  const there = held.find((each) => each.module_id === one.module_id);
  const isPart = there?.sources.some((source) => source.industry_code === code) ?? false;
  return isPart ? m.assignments.alreadyAssigned : null;
}
