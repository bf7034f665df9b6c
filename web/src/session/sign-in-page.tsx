import { Anchor, Center, Paper, Stack, Text, Title } from '@mantine/core';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useMessages } from '@/i18n/messages.tsx';
import { SignInForm } from '@/session/sign-in-form.tsx';
import { useSession } from '@/session/session.tsx';
import { useSignupClosed } from '@/session/signup-status.ts';
import { Logo } from '@/ui/logo.tsx';

const route = getRouteApi('/login');

/** Signs in, and leads on to where the person wanted to go. */
export function SignInPage() {
  const m = useMessages();
  const session = useSession();
  const navigate = route.useNavigate();
  const { next } = route.useSearch();
  useEffect(() => {
    if (session.kind === 'signed-in') void navigate({ to: next ?? '/', replace: true });
  }, [session, navigate, next]);
  const isSignupClosed = useSignupClosed();
  const ended = session.kind === 'signed-out' && session.ended;
  return (
    <Center component="main" mih="100vh" p="md" bg="var(--modplane-rail)">
      <Stack w="100%" maw={380} gap="lg" align="center">
        <Logo />
        <Paper p={{ base: 'lg', xs: 'xl' }} w="100%">
          <SignInForm>
            <div>
              <Title order={1} fz={22}>
                {m.session.title}
              </Title>
              <Text c="dimmed" fz="sm">
                {ended ? m.session.ended : m.session.subtitle}
              </Text>
            </div>
          </SignInForm>
        </Paper>
        <Text fz="sm" c="dimmed" ta="center">
          {m.session.noAccount}{' '}
          {isSignupClosed ? (
            m.session.signupClosed
          ) : (
            <Anchor component={Link} to="/signup" fz="sm">
              {m.session.signup}
            </Anchor>
          )}
        </Text>
      </Stack>
    </Center>
  );
}
