import { ActionIcon, Badge, Box, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconAdjustments, IconTrash } from '@tabler/icons-react';
import type { OrganizationModule } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { ConfigSummary } from '@/assignments/config-summary.tsx';
import classes from '@/assignments/module-row.module.css';
import { SourceTags } from '@/assignments/source-tags.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { StateDot } from '@/ui/state-dot.tsx';

/** One module of a tenant: whether it is effective, why it is here, how its config differs, what can be done. */
export function ModuleRow({
  module,
  organizationId,
  byHandAt,
  onConfigure,
  onUnassign,
  busy,
}: {
  module: OrganizationModule;
  organizationId: string;
  byHandAt: string | undefined;
  onConfigure: () => void;
  onUnassign: () => void;
  busy: boolean;
}) {
  const m = useMessages();
  const { module_id: id, module_name: name } = module;
  return (
    <Box component="li" className={classes['row'] ?? ''} aria-label={name}>
      <Group gap={10} wrap="nowrap" style={{ minWidth: 0 }}>
        <ModuleIcon name={name} metadata={module.metadata} />
        <div style={{ minWidth: 0 }}>
          <Text fz="sm" fw={500} truncate>
            {name}
          </Text>
          <Copyable value={id} isDimmed />
        </div>
      </Group>
      <SourceTags module={module} organizationId={organizationId} byHandAt={byHandAt} />
      <Stack gap={0} align="flex-start">
        <Effective module={module} />
        <ConfigSummary module={module} />
      </Stack>
      <Group gap={4} wrap="nowrap" className={classes['actions'] ?? ''}>
        <Tooltip label={m.assignments.configure}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            onClick={onConfigure}
            aria-label={m.assignments.configureIt(name)}
          >
            <IconAdjustments size={18} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={m.assignments.unassign}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            onClick={onUnassign}
            loading={busy}
            aria-label={m.assignments.unassignIt(name)}
          >
            <IconTrash size={18} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Box>
  );
}

function Effective({ module }: { module: OrganizationModule }) {
  const m = useMessages();
  if (module.effective) {
    return <StateDot>{m.assignments.effective}</StateDot>;
  }
  const why =
    module.ineffective_because === 'organization_suspended'
      ? m.assignments.tenantSuspended
      : m.assignments.moduleInactive;
  return (
    <Badge variant="light" color="orange" tt="none" fw={500}>
      {why}
    </Badge>
  );
}
