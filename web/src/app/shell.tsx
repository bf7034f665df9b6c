import { ActionIcon, AppShell, Box, Burger, Group, NavLink, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { ModalsProvider } from '@mantine/modals';
import {
  IconActivityHeartbeat,
  IconBuilding,
  IconBuildingStore,
  IconChevronsLeft,
  IconChevronsRight,
  IconHistory,
  IconPackages,
  IconSearch,
} from '@tabler/icons-react';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { CommandPalette, openPalette } from '@/app/command-palette.tsx';
import { ConnectionBanner } from '@/app/connection-banner.tsx';
import { ConnectionDot } from '@/app/connection-dot.tsx';
import { useLiveUpdates } from '@/app/live.ts';
import { usePaletteActions } from '@/app/palette-actions.ts';
import { PersonMenu } from '@/app/person-menu.tsx';
import { Shortcuts } from '@/app/shortcuts.tsx';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { Logo } from '@/ui/logo.tsx';

const PAGES = [
  { to: '/super-admin/modules', name: (m: Messages) => m.shell.modules, Icon: IconPackages },
  { to: '/super-admin/industries', name: (m: Messages) => m.shell.industries, Icon: IconBuildingStore },
  { to: '/super-admin/tenants', name: (m: Messages) => m.shell.tenants, Icon: IconBuilding },
  { to: '/super-admin/audit', name: (m: Messages) => m.shell.audit, Icon: IconHistory },
  { to: '/super-admin/system', name: (m: Messages) => m.shell.system, Icon: IconActivityHeartbeat },
] as const;

/** What is done to many tenants at once has its own address, and belongs to the tenants. */
const pageOf = (path: string) => path.replace(/^\/super-admin\/bulk\//, '/super-admin/tenants/');

/** The frame of all super admin pages: a rail that collapses, the content, and what is reachable from everywhere. */
export function Shell() {
  const m = useMessages();
  const [opened, menu] = useDisclosure(false);
  const [narrow, setNarrow] = useLocalStorage({ key: 'modplane-rail-narrow', defaultValue: false });
  const path = useLocation({ select: (location) => location.pathname });
  const place = PAGES.find(({ to }) => pageOf(path).startsWith(to))?.to;
  const actions = usePaletteActions();
  useLiveUpdates();
  const { close } = menu;
  useEffect(() => {
    close();
  }, [path, close]);
  return (
    <AppShell
      padding={{ base: 'md', sm: 'lg' }}
      header={{ height: { base: 52, sm: 0 } }}
      navbar={{ width: narrow ? 60 : 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
    >
      <a className="skip-link" href="#content">
        {m.shell.skip}
      </a>
      <AppShell.Header hiddenFrom="sm" px="sm">
        <Group h="100%" justify="space-between">
          <Burger opened={opened} onClick={menu.toggle} size="sm" aria-label={m.shell.openMenu} />
          <Logo />
          <ActionIcon variant="subtle" color="gray" onClick={openPalette} aria-label={m.shell.palette}>
            <IconSearch size={18} />
          </ActionIcon>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" className="rail" aria-label={m.shell.navigation}>
        <Group justify={narrow ? 'center' : 'space-between'} px={6} pb="xs" wrap="nowrap" visibleFrom="sm">
          {!narrow && <Logo />}
          <Tooltip label={narrow ? m.shell.expand : m.shell.collapse} position="right">
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={() => setNarrow(!narrow)}
              aria-label={narrow ? m.shell.expand : m.shell.collapse}
              aria-expanded={!narrow}
            >
              {narrow ? <IconChevronsRight size={16} /> : <IconChevronsLeft size={16} />}
            </ActionIcon>
          </Tooltip>
        </Group>
        <PaletteButton narrow={narrow} />
        <Box style={{ flex: 1 }}>
          {PAGES.map(({ to, name, Icon }) => (
            <Tooltip key={to} label={name(m)} position="right" disabled={!narrow}>
              <NavLink
                component={Link}
                to={to}
                active={place === to}
                aria-current={place === to ? 'page' : undefined}
                aria-label={name(m)}
                label={narrow ? undefined : name(m)}
                leftSection={<Icon size={18} aria-hidden />}
                className="rail-link"
                py={7}
                mb={2}
              />
            </Tooltip>
          ))}
        </Box>
        <ConnectionDot narrow={narrow} />
        <PersonMenu narrow={narrow} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }}>
        <ConnectionBanner />
        <ModalsProvider>
          <Outlet />
        </ModalsProvider>
      </AppShell.Main>
      <CommandPalette pages={PAGES.map(({ to, name, Icon }) => ({ to, name: name(m), Icon }))} actions={actions} />
      <Shortcuts pages={PAGES.map(({ to, name }) => ({ to, name: name(m) }))} />
    </AppShell>
  );
}

function PaletteButton({ narrow }: { narrow: boolean }) {
  const m = useMessages();
  return (
    <UnstyledButton
      onClick={openPalette}
      aria-label={m.shell.palette}
      visibleFrom="sm"
      mb="xs"
      p={8}
      bg="var(--mantine-color-default)"
      style={{ border: '1px solid var(--mantine-color-default-border)', borderRadius: 8 }}
    >
      <Group gap={8} justify={narrow ? 'center' : 'flex-start'} wrap="nowrap">
        <IconSearch size={16} aria-hidden />
        {!narrow && (
          <>
            <Text fz="sm" c="dimmed" style={{ flex: 1 }}>
              {m.common.search}
            </Text>
            <Text fz="xs" c="dimmed" aria-hidden>
              Ctrl K
            </Text>
          </>
        )}
      </Group>
    </UnstyledButton>
  );
}
