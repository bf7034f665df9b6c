import { Box, PasswordInput, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { limits } from '@modplane/client';
import { IconCheck, IconCircle } from '@tabler/icons-react';
import { useMessages } from '@/i18n/messages.tsx';
import { LEAST_CHARACTERS, LEAST_DIFFERENT, MOST_CHARACTERS, rulesMet } from '@/signup/password-rules.ts';

export interface Account {
  organization_name: string;
  admin_name: string;
  admin_email: string;
  admin_password: string;
}

/** Who signs up. What is wrong is said at the field it is wrong in. */
export function AccountFields({ form }: { form: UseFormReturnType<Account> }) {
  const m = useMessages();
  const field = (name: keyof Account) => form.getInputProps(name);
  return (
    <Stack gap="md">
      <TextInput
        label={m.signup.organizationName}
        placeholder={m.signup.organizationPlaceholder}
        autoComplete="organization"
        maxLength={limits.SignupRequest.organization_name}
        {...field('organization_name')}
      />
      <TextInput
        label={`${m.signup.adminName} (${m.common.optional})`}
        autoComplete="name"
        maxLength={limits.SignupRequest.admin_name}
        {...field('admin_name')}
      />
      <TextInput
        label={m.signup.adminEmail}
        description={m.signup.adminEmailHint}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        type="email"
        autoComplete="username"
        maxLength={limits.SignupRequest.admin_email}
        {...field('admin_email')}
      />
      <PasswordInput
        label={m.signup.adminPassword}
        description={<PasswordRules password={form.values.admin_password} />}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        autoComplete="new-password"
        maxLength={MOST_CHARACTERS}
        {...field('admin_password')}
      />
    </Stack>
  );
}

function PasswordRules({ password }: { password: string }) {
  const m = useMessages();
  const { isLong, isVaried } = rulesMet(password);
  return (
    <>
      <Rule met={isLong} text={m.signup.passwordLength(LEAST_CHARACTERS)} />
      <Rule met={isVaried} text={m.signup.passwordVariety(LEAST_DIFFERENT)} />
    </>
  );
}

function Rule({ met, text }: { met: boolean; text: string }) {
  const m = useMessages();
  const Icon = met ? IconCheck : IconCircle;
  const color = met ? 'var(--mantine-color-teal-light-color)' : undefined;
  return (
    <Box component="span" style={{ display: 'flex', alignItems: 'center', gap: 6, marginTop: 4, color }}>
      <Icon size={14} aria-hidden />
      <span>{text}</span>
      <Box component="span" className="visually-hidden">
        {met ? m.signup.met : m.signup.notMet}
      </Box>
    </Box>
  );
}
