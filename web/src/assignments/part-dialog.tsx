import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { bulkAssignModules, type IndustryModule, type OrganizationModule } from '@modplane/client';
import {
  getIndustryModulesOptions,
  getIndustryVersionsOptions,
  getModuleRegistryOptions,
} from '@modplane/client/react-query';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { PickList } from '@/assignments/pick-list.tsx';
import { TemplateSelect } from '@/assignments/template-select.tsx';
import { unassignAll, withDiscarded } from '@/assignments/mutations.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';

/** So many versions are looked through for the one that the tenant has. */
const VERSIONS = 200;

/**
 * Assigns some of a template's modules, with its defaults and as part of it: of the version that the tenant has, or of
 * the current one when it has none.
 */
export function PartDialog({
  organizationId,
  organizationName,
  held,
  onClose,
}: {
  organizationId: string;
  organizationName: string;
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
  const current = template.data?.version;
  const applied = held.flatMap((one) => one.sources).find((source) => source.industry_code === code)?.version;
  const hasOlder = applied != null && current !== undefined && applied !== current;
  const versions = useQuery({
    ...getIndustryVersionsOptions({ path: { industry_code: code ?? '' }, query: { limit: VERSIONS } }),
    enabled: code !== null && hasOlder,
  });
  const older = hasOlder ? versions.data?.items.find((one) => one.version === applied)?.modules : undefined;
  const newest = code === null ? [] : (template.data?.items ?? []);
  const known = (id: string) => registry.data?.items.find((each) => each.module_id === id);
  const listed = new Set(older?.map((one) => one.module_id));
  const items = [
    ...(older ?? []).map((one): Listed => {
      const { module_id: id, is_required: isRequired } = one;
      const now = known(id);
      const state = now === undefined ? 'missing' : now.is_active ? 'assignable' : 'inactive';
      const [name, category] = [now?.module_name ?? null, now?.category ?? null];
      return { module_id: id, module_name: name, category, is_required: isRequired, state };
    }),
    ...newest.filter((one) => !listed.has(one.module_id)),
  ].map((one) => ({
    id: one.module_id,
    name: one.module_name ?? one.module_id,
    about: one.category ?? one.module_id,
    metadata: known(one.module_id)?.metadata ?? {},
    badge: one.is_required ? m.assignments.required : undefined,
    unavailable:
      older !== undefined && !listed.has(one.module_id)
        ? m.assignments.onlyInNewer(current ?? 0)
        : why(one, held, code ?? '', m),
  }));
  const free = items.filter((one) => one.unavailable === null);
  const ids = free.filter((one) => chosen.has(one.id)).map((one) => one.id);
  const assign = useMutation({
    mutationFn: () => bulkAssignModules(organizationId, ids, code ?? ''),
    meta: { isHandled: true },
    onSuccess: ({ discarded_configs: discarded }) => {
      const namesOf = (wanted: readonly string[]) =>
        free.filter((one) => wanted.includes(one.id)).map((one) => one.name);
      const fresh = ids.filter((id) => !held.some((one) => one.module_id === id));
      const undo = fresh.length === ids.length ? () => unassignAll(organizationId, fresh) : undefined;
      notifyDone(withDiscarded(m.assignments.assigned(namesOf(ids), organizationName), namesOf(discarded), m), m, undo);
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={600}>{m.assignments.partTitle(organizationName)}</Text>}
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
        ) : template.data === undefined || (hasOlder && versions.isPending) ? (
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

type Listed = Pick<IndustryModule, 'module_id' | 'module_name' | 'category' | 'is_required' | 'state'>;

function why(one: Listed, held: readonly OrganizationModule[], code: string, m: Messages): string | null {
  if (one.state === 'missing') return m.assignments.moduleMissing;
  if (one.state === 'inactive') return m.assignments.moduleInactive;
  const there = held.find((each) => each.module_id === one.module_id);
  const isPart = there?.sources.some((source) => source.industry_code === code) ?? false;
  return isPart ? m.assignments.alreadyAssigned : null;
}
