import { AppShell, Group } from '@mantine/core';
import { Outlet } from '@tanstack/react-router';
import { ConnectionBanner } from '@/app/connection-banner.tsx';
import { ConnectionDot } from '@/app/connection-dot.tsx';
import { useLiveUpdates } from '@/app/live.ts';
import { PersonMenu } from '@/app/person-menu.tsx';
import { Shortcuts } from '@/app/shortcuts.tsx';
import { useMessages } from '@/i18n/messages.tsx';
import { Logo } from '@/ui/logo.tsx';

/** The frame of an organization's own page: nothing of the super admin's, and as live. */
export function OwnShell() {
  const m = useMessages();
  useLiveUpdates();
  return (
    <AppShell padding={{ base: 'md', sm: 'xl' }} header={{ height: 52 }}>
      <a className="skip-link" href="#content">
        {m.shell.skip}
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Logo />
          <Group gap={4} wrap="nowrap">
            <ConnectionDot narrow />
            <PersonMenu narrow />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }}>
        <ConnectionBanner />
        <Outlet />
      </AppShell.Main>
      <Shortcuts pages={[]} />
    </AppShell>
  );
}
