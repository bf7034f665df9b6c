import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type IndustryDetails, type IndustryUsage, updateIndustry } from '@modplane/client';
import { isConflict } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import type { Base, Draft, Registry } from '@/industries/draft.ts';
import { ListChanges } from '@/industries/list-changes.tsx';
import { eventsSince } from '@/ui/events-since.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { requireStored } from '@/ui/stored.ts';
import { WhoChanged } from '@/ui/who-changed.tsx';

/** What saving publishes and for whom, before it is saved. */
export function PublishDialog({
  opened,
  onClose,
  industry,
  base,
  draft,
  registry,
  usage,
  onSaved,
}: {
  opened: boolean;
  onClose: () => void;
  industry: IndustryDetails;
  base: Base;
  draft: Draft;
  registry: Registry;
  usage: IndustryUsage | undefined;
  onSaved: (andUpdate: boolean) => void;
}) {
  const all = useMessages();
  const m = all.industries;
  const { industry_code: code, industry_name: name } = industry;
  const send = (modules: Draft, sequence?: number) =>
    updateIndustry(
      code,
      { modules: [...modules] },
      sequence === undefined ? {} : { headers: { 'If-Match': `"${sequence}"` } },
    );
  const { modules: before } = base;
  const save = useMutation({
    meta: { isHandled: true },
    mutationFn: async (andUpdate: boolean) => {
      const saved = await send(draft, base.sequence);
      requireStored(configsOf(draft), configsOf(saved.modules));
      return { andUpdate, version: saved.version };
    },
    onSuccess: ({ version, andUpdate }) => {
      notifyDone(m.published(name, version), all, () => send(before));
      onSaved(andUpdate);
    },
  });
  const close = () => {
    save.reset();
    onClose();
  };
  const conflict = isConflict(save.error);
  const last = eventsSince(save.error).at(-1);
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      title={m.publishTitle(base.version + 1)}
      closeButtonProps={{ 'aria-label': all.common.close }}
    >
      <Stack>
        <ListChanges before={base.modules} after={draft} registry={registry} />
        <Text fz="sm" c="dimmed">
          {usage === undefined || usage.on_current + usage.on_older === 0
            ? m.publishNobody
            : m.publishWho(usage.on_current, usage.on_older)}
        </Text>
        {conflict ? (
          <Alert color="orange" title={all.common.conflictTitle} role="alert">
            {last && <WhoChanged event={last} />}
            <Text fz="sm">{all.common.conflictDetail}</Text>
          </Alert>
        ) : (
          <ProblemAlert error={save.error} />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {conflict ? all.common.close : all.common.cancel}
          </Button>
          {!conflict && (
            <>
              <Button variant="default" disabled={save.isPending} onClick={() => save.mutate(true)}>
                {m.saveAndUpdate}
              </Button>
              <Button loading={save.isPending} onClick={() => save.mutate(false)}>
                {m.save}
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

const configsOf = (modules: Draft) => Object.fromEntries(modules.map((one) => [one.module_id, one.default_config]));
