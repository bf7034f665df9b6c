import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { limits } from '@modplane/client';
import { loginMutation } from '@modplane/client/react-query';
import { problemOf } from '@/api/client.ts';
import { signedIn } from '@/api/token.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

/** E-mail and password; who signs in is the session's person from then on. `children`: what is above the fields. */
export function SignInForm({ children }: { children?: ReactNode }) {
  const m = useMessages();
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '', password: '' } });
  const login = useMutation({ ...loginMutation(), meta: { isHandled: true } });
  const wrong = problemOf(login.error)?.status === 401;
  return (
    <form
      onSubmit={form.onSubmit((body) => {
        login.mutate({ body }, { onSuccess: (answer) => signedIn(answer.access_token) });
      })}
    >
      <Stack>
        {children}
        <TextInput
          label={m.session.email}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
          data-autofocus
          maxLength={limits.LoginRequest.email}
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label={m.session.password}
          autoComplete="current-password"
          required
          withAsterisk={false}
          maxLength={limits.LoginRequest.password}
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
  );
}
