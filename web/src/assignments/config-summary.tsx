import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { OrganizationModule } from '@modplane/client';
import { getModuleConfigOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { leaves } from '@/assignments/layers.ts';
import { differences } from '@/ui/json-values.ts';

/** How many of a config's values are not the module's defaults. */
export function ConfigSummary({ module }: { module: OrganizationModule }) {
  const m = useMessages();
  const count = leaves(module.config).size;
  const defaults = useQuery({
    ...getModuleConfigOptions({ path: { module_id: module.module_id } }),
    staleTime: 60_000,
    enabled: count > 0,
  });
  if (count === 0) return null;
  if (defaults.data === undefined) return null;
  const differing = differences(defaults.data.default_config, module.config).length;
  return (
    <Text fz="xs" c="dimmed">
      {differing === 0 ? m.assignments.allDefault(count) : m.assignments.differ(differing, count)}
    </Text>
  );
}
