import { Alert, Badge, Button, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconPackages, IconPlus, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { IndustryDetails, IndustryUsage } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { type Base, type Registry, nameIn } from '@/industries/draft.ts';
import classes from '@/industries/industries.module.css';
import { ListChanges } from '@/industries/list-changes.tsx';
import { ModulePicker } from '@/industries/module-picker.tsx';
import { ModuleRows } from '@/industries/module-rows.tsx';
import { NewOrganizationGets } from '@/industries/new-organization-gets.tsx';
import { PublishDialog } from '@/industries/publish-dialog.tsx';
import { dryRun } from '@/industries/queries.ts';
import type { Editing } from '@/industries/use-draft.ts';
import { ConfigEditor } from '@/ui/config-editor.tsx';
import { useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { Empty } from '@/ui/states.tsx';
import { LastChange } from '@/ui/who-changed.tsx';

/** Left the list, right what it comes to. */
export function TemplateEditor({
  industry,
  editing,
  registry,
  usage,
  onUpdateOrganizations,
}: {
  industry: IndustryDetails;
  editing: Editing;
  registry: Registry;
  usage: IndustryUsage | undefined;
  onUpdateOrganizations: () => void;
}) {
  const m = useMessages().industries;
  const { draft, base } = editing;
  const [picking, pick] = useDisclosure(false);
  const [publishing, publish] = useDisclosure(false);
  const [configured, setConfigured] = useState<string | null>(null);
  const [asked] = useDebouncedValue(draft, 250);
  const answer = useQuery(dryRun(industry.industry_code, asked));
  const add = (ids: readonly string[]) =>
    editing.change([...draft, ...ids.map((id) => ({ module_id: id, is_required: true, default_config: {} }))]);
  const adder = (
    <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={pick.open}>
      {m.add}
    </Button>
  );
  return (
    <Stack gap="md">
      {editing.theirs !== null && (
        <Conflict code={industry.industry_code} editing={editing} theirs={editing.theirs} registry={registry} />
      )}
      <div className={classes.panes}>
        <Stack gap="sm">
          <Group justify="space-between">
            <Group gap={8}>
              <Title order={2} fz="md">
                {m.listTitle}
              </Title>
              {editing.isDirty && (
                <Badge variant="light" color="orange" radius="sm" tt="none" fw={500} role="status">
                  {m.dirty}
                </Badge>
              )}
            </Group>
            <Group gap={8}>
              {adder}
              {editing.isDirty && (
                <Button size="xs" variant="subtle" color="gray" onClick={editing.discard}>
                  {m.discard}
                </Button>
              )}
              <Button size="xs" disabled={!editing.isDirty} onClick={publish.open}>
                {m.publish}
              </Button>
            </Group>
          </Group>
          {draft.length === 0 ? (
            <Empty icon={<IconPackages size={24} />} title={m.noModules} hint={m.noModulesHint} action={adder} />
          ) : (
            <ModuleRows draft={draft} registry={registry} onChange={editing.change} onConfig={setConfigured} />
          )}
        </Stack>
        <div className={classes.sticky}>
          <NewOrganizationGets result={answer.data} error={answer.error} registry={registry} />
          {usage !== undefined && usage.on_older > 0 && !editing.isDirty && (
            <Group mt="sm" justify="space-between">
              <Text fz="sm" c="dimmed">
                {m.onVersions(usage.on_current, usage.on_older)}
              </Text>
              <Button
                size="xs"
                variant="default"
                leftSection={<IconUsers size={14} aria-hidden />}
                onClick={onUpdateOrganizations}
              >
                {m.updateShown}
              </Button>
            </Group>
          )}
        </div>
      </div>
      <ModulePicker
        opened={picking}
        onClose={pick.close}
        registry={registry}
        present={new Set(draft.map((one) => one.module_id))}
        onAdd={add}
      />
      <PublishDialog
        opened={publishing}
        onClose={publish.close}
        industry={industry}
        base={base}
        draft={draft}
        registry={registry}
        usage={usage}
        onSaved={(andUpdate) => {
          publish.close();
          if (andUpdate) onUpdateOrganizations();
        }}
      />
      <ConfigDrawer id={configured} editing={editing} registry={registry} onClose={() => setConfigured(null)} />
    </Stack>
  );
}

/** Somebody else saved meanwhile: what they changed, and two ways on. Nothing made here is lost by itself. */
function Conflict({
  code,
  editing,
  theirs,
  registry,
}: {
  code: string;
  editing: Editing;
  theirs: Base;
  registry: Registry;
}) {
  const { common, industries: m } = useMessages();
  return (
    <Alert color="orange" title={common.conflictTitle} role="alert">
      <Stack gap="sm">
        <LastChange of={{ industry_code: code }} type="tenant.industry.updated" />
        <Text fz="sm">
          {common.conflictDetail} {m.conflictWhat(theirs.version)}
        </Text>
        <ListChanges before={editing.base.modules} after={theirs.modules} registry={registry} />
        <Group gap={8}>
          <Button size="xs" variant="default" onClick={editing.rebase}>
            {m.keepMine}
          </Button>
          <Button size="xs" variant="default" onClick={editing.discard}>
            {m.takeTheirs}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function ConfigDrawer({
  id,
  editing,
  registry,
  onClose,
}: {
  id: string | null;
  editing: Editing;
  registry: Registry;
  onClose: () => void;
}) {
  const all = useMessages();
  const m = all.industries;
  // All that can be read is in the list at once; only what cannot would be lost.
  const [unread, setUnread] = useState<string | null>(null);
  const guard = useDiscardGuard(onClose);
  useTellDirty(unread !== null, guard.setDirty);
  const one = editing.draft.find((each) => each.module_id === id);
  const name = id === null ? '' : nameIn(registry, id);
  return (
    <Drawer
      opened={one !== undefined}
      onClose={guard.close}
      position="right"
      size="md"
      title={m.configOf(name)}
      closeButtonProps={{ 'aria-label': all.common.close }}
    >
      {one !== undefined && (
        <Stack>
          <Text fz="sm" c="dimmed">
            {m.configHint}
          </Text>
          <ConfigEditor
            key={one.module_id}
            label={m.configOf(name)}
            value={one.default_config}
            schema={registry.get(one.module_id)?.config_schema ?? null}
            partial
            onUnread={setUnread}
            onChange={(config) =>
              editing.change(
                editing.draft.map((each) => (each.module_id === id ? { ...each, default_config: config } : each)),
              )
            }
          />
          <Group justify="flex-end">
            {unread !== null && (
              <Text fz="xs" c="dimmed" role="status" id="template-config-why-not">
                {unread}
              </Text>
            )}
            <Button
              onClick={onClose}
              disabled={unread !== null}
              aria-describedby={unread === null ? undefined : 'template-config-why-not'}
            >
              {m.done}
            </Button>
          </Group>
        </Stack>
      )}
      {guard.question}
    </Drawer>
  );
}
