import { Anchor, Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import { loginMutation } from '@modplane/client/react-query';
import { problemOf } from '@/api/client.ts';
import { signedIn } from '@/api/token.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { useSession } from '@/session/session.tsx';
import { useSignupClosed } from '@/session/signup-status.ts';
import { Logo } from '@/ui/logo.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

const route = getRouteApi('/login');

/** Signs in, and leads on to where the person wanted to go. */
export function SignInPage() {
  const m = useMessages();
  const session = useSession();
  const navigate = route.useNavigate();
  const { next } = route.useSearch();
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '', password: '' } });
  const login = useMutation({ ...loginMutation(), meta: { told: true } });
  useEffect(() => {
    if (session.kind === 'signed-in') void navigate({ to: next ?? '/', replace: true });
  }, [session, navigate, next]);
  const isSignupClosed = useSignupClosed();
  const wrong = problemOf(login.error)?.status === 401;
  const ended = session.kind === 'signed-out' && session.ended;
  return (
    <Center component="main" mih="100vh" p="md" bg="var(--modplane-rail)">
      <Stack w="100%" maw={380} gap="lg" align="center">
        <Logo />
        <Paper p={{ base: 'lg', xs: 'xl' }} w="100%">
          <form
            onSubmit={form.onSubmit((body) => {
              login.mutate({ body }, { onSuccess: (answer) => signedIn(answer.access_token) });
            })}
          >
            <Stack>
              <div>
                <Title order={1} fz={22}>
                  {m.session.title}
                </Title>
                <Text c="dimmed" fz="sm">
                  {ended ? m.session.ended : m.session.subtitle}
                </Text>
              </div>
              <TextInput
                label={m.session.email}
                type="email"
                autoComplete="username"
                required
                withAsterisk={false}
                autoFocus
                maxLength={320}
                key={form.key('email')}
                {...form.getInputProps('email')}
              />
              <PasswordInput
                label={m.session.password}
                autoComplete="current-password"
                required
                withAsterisk={false}
                maxLength={1024}
                key={form.key('password')}
                {...form.getInputProps('password')}
                error={wrong ? m.session.wrong : undefined}
              />
              {!wrong && <ProblemAlert error={login.error} />}
              <Button type="submit" loading={login.isPending} fullWidth>
                {m.session.submit}
              </Button>
            </Stack>
          </form>
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
