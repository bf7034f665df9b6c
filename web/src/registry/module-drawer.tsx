import { ActionIcon, Badge, Box, Button, Drawer, Group, Menu, Stack, Switch, Tabs, Text, Title } from '@mantine/core';
import { IconDots, IconPackageOff, IconPencil, IconTerminal2, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { ModuleDetails, ModuleUsage } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { ConfigTab, OverviewTab } from '@/registry/module-facts.tsx';
import { TemplatesTab, UsedByTab } from '@/registry/module-users.tsx';
import type { ModuleActions } from '@/registry/modules-table.tsx';
import { Activity } from '@/ui/activity.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { useCopy } from '@/ui/copying.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { Empty } from '@/ui/states.tsx';

/** One module, beside the list: what it is, what it holds, who has it. */
export function ModuleDrawer({
  opened,
  module: chosen,
  usage,
  tab,
  onTab,
  onClose,
  isSwitching,
  actions,
}: {
  opened: boolean;
  module: ModuleDetails | undefined;
  usage: ModuleUsage | undefined;
  tab: string | undefined;
  onTab: (tab: string | undefined) => void;
  onClose: () => void;
  /** Its consequences are being looked up. */
  isSwitching: boolean;
  actions: ModuleActions;
}) {
  const m = useMessages();
  // While it closes it shows what it showed.
  const [last, setLast] = useState(chosen);
  if (chosen !== undefined && chosen !== last) setLast(chosen);
  const module = opened ? chosen : last;
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={640}
      title={module ? <Heading module={module} /> : m.modules.goneTitle}
      closeButtonProps={{ 'aria-label': m.common.close }}
      overlayProps={{ backgroundOpacity: 0.25 }}
      styles={{ title: { minWidth: 0, flex: 1 }, header: { gap: 12 } }}
    >
      {module ? (
        <Stack gap="md">
          <Bar module={module} isSwitching={isSwitching} actions={actions} />
          <Tabs
            value={tab ?? 'overview'}
            onChange={(next) => onTab(next === null || next === 'overview' ? undefined : next)}
            keepMounted={false}
          >
            <Tabs.List mb="md">
              <Tabs.Tab value="overview">{m.modules.overview}</Tabs.Tab>
              <Tabs.Tab value="config">{m.modules.config}</Tabs.Tab>
              <Tabs.Tab
                value="used"
                rightSection={
                  usage && (
                    <Badge size="sm" variant="light" color="gray" circle={usage.organizations < 10}>
                      {usage.organizations}
                    </Badge>
                  )
                }
              >
                {m.modules.usedBy}
              </Tabs.Tab>
              <Tabs.Tab value="templates">{m.modules.templates}</Tabs.Tab>
              <Tabs.Tab value="activity">{m.modules.activity}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="overview">
              <OverviewTab module={module} />
            </Tabs.Panel>
            <Tabs.Panel value="config">
              <ConfigTab module={module} />
            </Tabs.Panel>
            <Tabs.Panel value="used">
              <UsedByTab module={module} usage={usage} />
            </Tabs.Panel>
            <Tabs.Panel value="templates">
              <TemplatesTab module={module} />
            </Tabs.Panel>
            <Tabs.Panel value="activity">
              <Activity of={{ module_id: module.module_id }} />
            </Tabs.Panel>
          </Tabs>
        </Stack>
      ) : (
        <Empty icon={<IconPackageOff size={24} />} title={m.modules.goneTitle} hint={m.modules.goneHint} />
      )}
    </Drawer>
  );
}

function Heading({ module }: { module: ModuleDetails }) {
  return (
    <Group gap="sm" wrap="nowrap">
      <ModuleIcon name={module.module_name} metadata={module.metadata} size={36} />
      <Box style={{ minWidth: 0 }}>
        <Title order={2} fz="lg" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
          {module.module_name}
        </Title>
      </Box>
    </Group>
  );
}

function Bar({
  module,
  isSwitching,
  actions,
}: {
  module: ModuleDetails;
  isSwitching: boolean;
  actions: ModuleActions;
}) {
  const m = useMessages();
  const { copy } = useCopy();
  return (
    <Group justify="space-between" gap="sm">
      <Group gap="md">
        <Copyable value={module.module_id} />
        <Text fz="xs" c="dimmed">
          {module.version}
        </Text>
        <Switch
          size="sm"
          label={module.is_active ? m.modules.active : m.modules.inactive}
          checked={module.is_active}
          disabled={isSwitching}
          onChange={() => actions.onSwitch(module)}
        />
      </Group>
      <Group gap={6}>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPencil size={14} aria-hidden />}
          onClick={() => actions.onEdit(module)}
        >
          {m.modules.edit}
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={26} aria-label={m.modules.actionsOf(module.module_name)}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconTerminal2 size={16} aria-hidden />}
              onClick={() => {
                const address = `${location.origin}/api/v1/module-registry/${module.module_id}`;
                void copy(`curl -H "Authorization: Bearer $MODPLANE_TOKEN" ${address}`).then((done) => {
                  if (done) notifyDone(m.common.copied, m);
                });
              }}
            >
              {m.modules.copyCurl}
            </Menu.Item>
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => actions.onDelete(module)}
            >
              {m.modules.delete}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Group>
  );
}
