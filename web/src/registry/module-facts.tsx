import { Badge, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ModuleDetails } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { otherMetadata, permissionsOf } from '@/registry/form-values.ts';
import { ConfigValues } from '@/ui/config-values.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { shownJson } from '@/ui/json-values.ts';
import { TimeAgo } from '@/ui/time-ago.tsx';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'minmax(96px, 28%) 1fr', gap: 12 }}>
      <Text component="dt" fz="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" fz="sm" m={0} style={{ overflowWrap: 'anywhere', minWidth: 0 }}>
        {children}
      </Text>
    </div>
  );
}

export function OverviewTab({ module }: { module: ModuleDetails }) {
  const m = useMessages();
  const permissions = permissionsOf(module.metadata);
  const others = otherMetadata(module.metadata);
  return (
    <Stack gap="lg">
      <Text c={module.description ? undefined : 'dimmed'} style={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}>
        {module.description || m.modules.noDescription}
      </Text>
      <Stack component="dl" gap={10} m={0}>
        <Fact name={m.modules.category}>{module.category}</Fact>
        <Fact name={m.modules.service}>{module.service_name}</Fact>
        <Fact name={m.modules.endpoint}>
          <Copyable value={module.api_endpoint} />
        </Fact>
        <Fact name={m.modules.version}>{module.version}</Fact>
        {permissions.length > 0 && (
          <Fact name={m.modules.permissions}>
            <Group gap={6}>
              {permissions.map((permission) => (
                <Badge key={permission} variant="light" color="gray" tt="none" fw={500}>
                  {permission}
                </Badge>
              ))}
            </Group>
          </Fact>
        )}
        <Fact name={m.modules.created}>
          <TimeAgo at={module.created_at} />
        </Fact>
        <Fact name={m.modules.updated}>
          <TimeAgo at={module.updated_at} />
        </Fact>
        {Object.keys(others).length > 0 && (
          <Fact name={m.modules.metadata}>
            <Code block fz="xs" tabIndex={0} aria-label={m.modules.metadata}>
              {shownJson(others)}
            </Code>
          </Fact>
        )}
      </Stack>
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs">
      <Text fw={600} fz="sm">
        {title}
      </Text>
      {children}
    </Stack>
  );
}

export function ConfigTab({ module }: { module: ModuleDetails }) {
  const m = useMessages();
  const hasDefaults = Object.keys(module.default_config).length > 0;
  return (
    <Stack gap="lg">
      <Part title={m.modules.defaults}>
        {hasDefaults ? (
          <ConfigValues label={m.modules.defaults} value={module.default_config} schema={module.config_schema} />
        ) : (
          <Text fz="sm" c="dimmed">
            {m.modules.noDefaults}
          </Text>
        )}
      </Part>
      <Part title={m.modules.schema}>
        {module.config_schema === null ? (
          <Text fz="sm" c="dimmed">
            {m.modules.noSchema}
          </Text>
        ) : (
          <Code block fz="xs" tabIndex={0} aria-label={m.modules.schema}>
            {shownJson(module.config_schema)}
          </Code>
        )}
      </Part>
    </Stack>
  );
}
