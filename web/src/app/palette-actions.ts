import { useMantineColorScheme } from '@mantine/core';
import { IconBuildingPlus, IconKeyboard, IconLogout, IconMoon, IconPackage } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { signOut } from '@/api/token.ts';
import type { PaletteAction } from '@/app/command-palette.tsx';
import { openShortcuts } from '@/app/shortcuts.tsx';
import { useMessages } from '@/i18n/messages.tsx';

/** What can be done from everywhere, by name. */
export function usePaletteActions(): readonly PaletteAction[] {
  const m = useMessages();
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  const go = (href: string) => () => void navigate({ href });
  return [
    { id: 'module', name: m.shell.doRegister, Icon: IconPackage, run: go('/super-admin/modules?form=new') },
    { id: 'industry', name: m.shell.doCreate, Icon: IconBuildingPlus, run: go('/super-admin/industries?form=new') },
    { id: 'theme', name: m.shell.doTheme, Icon: IconMoon, run: toggleColorScheme },
    { id: 'shortcuts', name: m.shell.shortcuts, Icon: IconKeyboard, run: openShortcuts },
    { id: 'sign-out', name: m.session.signOut, Icon: IconLogout, run: signOut },
  ];
}
