import { Avatar, Group, Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconKeyboard, IconLogout } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getUsersOptions } from '@modplane/client/react-query';
import { signOut } from '@/api/token.ts';
import { openShortcuts } from '@/app/shortcuts.tsx';
import { LANGUAGES, type Language, useLanguage, useMessages } from '@/i18n/messages.tsx';
import { usePerson } from '@/session/session.tsx';

/** At the foot of the rail: who is signed in, theme, language, sign out. */
export function PersonMenu({ narrow }: { narrow: boolean }) {
  const m = useMessages();
  const person = usePerson();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { language, speak } = useLanguage();
  const schemes = { auto: m.shell.themeAuto, light: m.shell.themeLight, dark: m.shell.themeDark } as const;
  const role = m.shell.roles[person.role];
  const admins = useQuery({
    ...getUsersOptions({ query: { role: 'super_admin', limit: 200 } }),
    staleTime: 'static',
    enabled: person.role === 'super_admin' && !narrow,
  });
  const known = admins.data?.items.find((user) => user.id === person.userId);
  const called = known?.name || known?.email;
  const check = (on: boolean) => (on ? <IconCheck size={14} aria-hidden /> : null);
  return (
    <Menu position="right-end" withArrow width={220}>
      <Menu.Target>
        <UnstyledButton
          p={8}
          style={{ borderRadius: 8 }}
          aria-label={called === undefined ? role : `${called}, ${role}`}
        >
          <Group gap={8} wrap="nowrap" justify={narrow ? 'center' : 'flex-start'}>
            <Avatar size={26} radius="xl" color="indigo" aria-hidden>
              {(called ?? role).slice(0, 1).toUpperCase()}
            </Avatar>
            {!narrow && (
              <div style={{ minWidth: 0 }}>
                <Text fz="sm" lh={1.3} truncate title={known?.email}>
                  {called ?? role}
                </Text>
                {called !== undefined && (
                  <Text fz="xs" lh={1.3} c="dimmed" truncate>
                    {role}
                  </Text>
                )}
              </div>
            )}
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{m.shell.theme}</Menu.Label>
        {(['auto', 'light', 'dark'] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            closeMenuOnClick={false}
            rightSection={check(colorScheme === scheme)}
            onClick={() => setColorScheme(scheme)}
          >
            {schemes[scheme]}
          </Menu.Item>
        ))}
        <Menu.Label>{m.shell.language}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((one) => (
          <Menu.Item
            key={one}
            closeMenuOnClick={false}
            rightSection={check(language === one)}
            onClick={() => speak(one)}
            lang={one}
          >
            {LANGUAGES[one]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={openShortcuts}>
          {m.shell.shortcuts}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
          {m.session.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
