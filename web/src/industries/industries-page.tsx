import { Anchor, Badge, Button, Group, Progress, SegmentedControl, Table, Text, Tooltip } from '@mantine/core';
import { IconBuildingStore, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { IndustryDetails, IndustryUsage } from '@modplane/client';
import { getIndustriesOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { blockedBy } from '@/industries/blocking.ts';
import classes from '@/industries/industries.module.css';
import { NewIndustry } from '@/industries/new-industry.tsx';
import { usageByCode } from '@/industries/queries.ts';
import { Copyable } from '@/ui/copyable.tsx';
import { Page } from '@/ui/page.tsx';
import { SearchField } from '@/ui/search-field.tsx';
import { bestFirst, searchedIndustry } from '@/ui/search-rank.ts';
import { useShortcuts } from '@/ui/shortcuts.ts';
import { StateDot } from '@/ui/state-dot.tsx';
import { Empty, Failed, LoadingRows, NoMatch } from '@/ui/states.tsx';

const route = getRouteApi('/super-admin/industries');

interface Shown {
  readonly items: readonly IndustryDetails[];
  readonly usage: ReadonlyMap<string, IndustryUsage> | undefined;
}

/** All templates, inactive ones too, as cards or as a table. */
export function IndustriesPage() {
  const { industries: m } = useMessages();
  const shell = useMessages().shell;
  const navigate = route.useNavigate();
  const { q = '', view = 'cards', form } = route.useSearch();
  const industries = useQuery(getIndustriesOptions({ query: { include_inactive: true } }));
  const usage = useQuery(usageByCode());
  const search = (change: { q?: string | undefined; view?: 'cards' | 'table' | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const show = (next: 'new' | undefined) => void navigate({ search: (old) => ({ ...old, form: next }) });
  useShortcuts([['n', () => show('new')]]);
  const all = industries.data?.items;
  const items = all && bestFirst(all, q, searchedIndustry);
  const button = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => show('new')}>
      {m.create}
    </Button>
  );
  return (
    <Page title={shell.industries} subtitle={all === undefined ? '\u00a0' : m.count(all.length)} action={button}>
      {all?.length !== 0 && (
        <Group justify="space-between">
          <SearchField value={q} onChange={(text) => search({ q: text || undefined })} label={m.search} />
          <SegmentedControl
            size="xs"
            aria-label={m.view}
            value={view}
            onChange={(chosen) => search({ view: chosen === 'table' ? 'table' : undefined })}
            data={[
              { value: 'cards', label: m.cards },
              { value: 'table', label: m.table },
            ]}
          />
        </Group>
      )}
      {industries.isError && all === undefined && (
        <Failed error={industries.error} onRetry={() => void industries.refetch()} />
      )}
      {industries.isPending && (
        <LoadingRows rows={view === 'table' ? 10 : 9} height={view === 'table' ? 56 : 108} isGrid={view === 'cards'} />
      )}
      {all?.length === 0 && (
        <Empty icon={<IconBuildingStore size={24} />} title={m.emptyTitle} hint={m.emptyHint} action={button} />
      )}
      {all !== undefined && all.length > 0 && items?.length === 0 && (
        <NoMatch onClear={() => search({ q: undefined })} />
      )}
      {items !== undefined && items.length > 0 && view === 'cards' && <Cards items={items} usage={usage.data} />}
      {items !== undefined && items.length > 0 && view === 'table' && <AsTable items={items} usage={usage.data} />}
      <NewIndustry opened={form === 'new'} onClose={() => show(undefined)} taken={all ?? []} />
    </Page>
  );
}

function Cards({ items, usage }: Shown) {
  const { industries: m } = useMessages();
  return (
    <ul className={classes.cards}>
      {items.map((one) => (
        <li key={one.industry_code} className={classes.card} aria-label={one.industry_name}>
          <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
            <Name one={one} />
            <Standing one={one} />
          </Group>
          <Text fz="sm" c="dimmed" lineClamp={1} title={one.description}>
            {one.description || one.industry_code}
          </Text>
          <Group justify="space-between" gap="xs" mt="auto" pt={6}>
            <Text fz="xs" c="dimmed">
              {m.modulesRequired(one.module_count, one.required_count)} · v{one.version}
            </Text>
            <Tenants usage={usage?.get(one.industry_code)} />
          </Group>
        </li>
      ))}
    </ul>
  );
}

function AsTable({ items, usage }: Shown) {
  const { industries: m } = useMessages();
  return (
    <Table layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{m.name}</Table.Th>
          <Table.Th w="24%" visibleFrom="sm">
            {m.modules}
          </Table.Th>
          <Table.Th w={90} visibleFrom="md">
            {m.version}
          </Table.Th>
          <Table.Th w={{ base: 112, xs: 180 }}>{m.tenants}</Table.Th>
          <Table.Th w={{ base: 90, sm: 210 }}>{m.status}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((one) => (
          <Table.Tr key={one.industry_code}>
            <Table.Td>
              <Name one={one} />
              <div>
                <Copyable value={one.industry_code} isDimmed />
              </div>
            </Table.Td>
            <Table.Td visibleFrom="sm">{m.modulesRequired(one.module_count, one.required_count)}</Table.Td>
            <Table.Td visibleFrom="md">{one.version}</Table.Td>
            <Table.Td>
              <Tenants usage={usage?.get(one.industry_code)} />
            </Table.Td>
            <Table.Td>
              <Standing one={one} shownActive />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Name({ one }: { one: IndustryDetails }) {
  return (
    <Anchor
      renderRoot={(props) => (
        <Link {...props} to="/super-admin/industries/$code" params={{ code: one.industry_code }} />
      )}
      fw={500}
      c="var(--mantine-color-text)"
      style={{ overflowWrap: 'anywhere' }}
    >
      {one.industry_name}
    </Anchor>
  );
}

/** Whether it can be chosen at signup, and if not, why. */
export function Standing({ one, shownActive = false }: { one: IndustryDetails; shownActive?: boolean }) {
  const messages = useMessages();
  const { industries: m } = messages;
  const badge = (color: string, text: string) => (
    <Badge variant="light" color={color} radius="sm" tt="none" fw={500} style={{ flexShrink: 0, zIndex: 1 }}>
      {text}
    </Badge>
  );
  if (!one.is_active) return badge('gray', m.inactive);
  if (!one.applicable) {
    return <Tooltip label={blockedBy(one.blocking, messages)}>{badge('orange', m.blocked)}</Tooltip>;
  }
  return shownActive ? <StateDot>{m.active}</StateDot> : null;
}

/** How many tenants are on the current version and how many on older ones, as one bar in two parts. */
export function Tenants({ usage }: { usage: IndustryUsage | undefined }) {
  const { industries: m } = useMessages();
  if (usage === undefined) return null;
  const { on_current: current, on_older: older } = usage;
  const all = current + older;
  if (all === 0) {
    return (
      <Text fz="xs" c="dimmed">
        {m.noTenants}
      </Text>
    );
  }
  return (
    <Tooltip label={m.onVersions(current, older)}>
      <Group gap={8} wrap="nowrap" role="img" aria-label={m.onVersions(current, older)}>
        <Progress.Root size={4} w={48} visibleFrom="xs" style={{ flexShrink: 0 }}>
          <Progress.Section value={(current / all) * 100} color="teal" aria-hidden />
          <Progress.Section value={(older / all) * 100} color="orange" aria-hidden />
        </Progress.Root>
        <Text fz="xs" c="dimmed">
          {m.versionTenants(all)}
        </Text>
      </Group>
    </Tooltip>
  );
}
