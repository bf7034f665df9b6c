import { Badge, Button, Group, Loader, Text, Tooltip } from '@mantine/core';
import { IconAdjustments } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { IndustryModule, ModuleDetails, OrganizationModule } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import classes from '@/signup/signup.module.css';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { byName } from '@/ui/words.ts';

const STEP_MS = 70;
const MOST_STEPS = 12;

/** What is there, by category, and, dashed, what is on its way. */
export function WorkspaceModules({
  items,
  awaited,
  industryName,
  known,
  onConfigure,
}: {
  items: readonly OrganizationModule[];
  awaited: readonly IndustryModule[];
  industryName: string | null;
  /** What is known of modules that are active, by id. */
  known: ReadonlyMap<string, ModuleDetails>;
  /** Null while nothing can be changed. */
  onConfigure: ((moduleId: string) => void) | null;
}) {
  const byCategory = [...items].sort((one, other) => byName(one.category, other.category));
  return (
    <ul className={classes.workspace}>
      {byCategory.map((item, place) => (
        <Tile
          key={item.module_id}
          item={item}
          description={known.get(item.module_id)?.description}
          onConfigure={onConfigure !== null && hasSettings(item, known) ? () => onConfigure(item.module_id) : null}
          industryName={industryName}
          place={place}
        />
      ))}
      {awaited.map((one) => (
        <Awaited key={one.module_id} one={one} />
      ))}
    </ul>
  );
}

/** A module without a schema and without a value has nothing that could be set. */
const hasSettings = (item: OrganizationModule, known: ReadonlyMap<string, ModuleDetails>): boolean =>
  Object.keys(item.config).length > 0 || (known.get(item.module_id)?.config_schema ?? null) !== null;

function Tile({
  item,
  description,
  onConfigure,
  industryName,
  place,
}: {
  item: OrganizationModule;
  description: string | undefined;
  onConfigure: (() => void) | null;
  industryName: string | null;
  place: number;
}) {
  const m = useMessages();
  return (
    <li
      className={`${classes.tile} ${classes.appear}`}
      style={{ animationDelay: `${Math.min(place, MOST_STEPS) * STEP_MS}ms` }}
    >
      <Head name={item.module_name} category={item.category} metadata={item.metadata}>
        {item.is_required && (
          <Tooltip label={m.workspace.requiredHint(industryName ?? item.required_by.join(', '))}>
            <Badge variant="light" color="indigo" radius="sm" tt="none" fw={500} style={{ flexShrink: 0 }}>
              {m.workspace.required}
            </Badge>
          </Tooltip>
        )}
      </Head>
      {description !== undefined && description !== '' && (
        <Text fz="sm" c="dimmed" lineClamp={3} style={{ overflowWrap: 'anywhere' }}>
          {description}
        </Text>
      )}
      {!item.effective && (
        <Text fz="sm" c="var(--mantine-color-orange-light-color)">
          <strong>{m.workspace.inactive}.</strong>{' '}
          {item.ineffective_because === 'module_inactive' ? m.workspace.inactiveHint : m.workspace.suspendedHint}
        </Text>
      )}
      {onConfigure !== null && (
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconAdjustments size={14} aria-hidden />}
          aria-label={m.workspace.settingsOf(item.module_name)}
          onClick={onConfigure}
          style={{ alignSelf: 'flex-start', marginTop: 'auto' }}
        >
          {m.workspace.settings}
        </Button>
      )}
    </li>
  );
}

function Awaited({ one }: { one: IndustryModule }) {
  const m = useMessages();
  const name = one.module_name ?? one.module_id;
  return (
    <li className={`${classes.tile} ${classes.pending}`}>
      <Head name={name} category={one.category} metadata={{ icon: one.icon, color: one.color }} />
      <Group gap={8}>
        <Loader size={14} aria-hidden />
        <Text fz="sm" c="dimmed">
          {m.workspace.settingUp}
        </Text>
      </Group>
    </li>
  );
}

function Head({
  name,
  category,
  metadata,
  children,
}: {
  name: string;
  category: string | null;
  metadata: Readonly<Record<string, unknown>>;
  children?: ReactNode;
}) {
  return (
    <Group gap={10} wrap="nowrap" align="flex-start" justify="space-between">
      <Group gap={10} wrap="nowrap" style={{ minWidth: 0 }}>
        <ModuleIcon name={name} metadata={metadata} size={36} />
        <div style={{ minWidth: 0 }}>
          <Text fw={500} lh={1.35} style={{ overflowWrap: 'anywhere' }}>
            {name}
          </Text>
          <Text fz="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {category}
          </Text>
        </div>
      </Group>
      {children}
    </Group>
  );
}
