import { Alert, Anchor, Box, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { getIndustriesOptions } from '@modplane/client/react-query';
import { problemOf } from '@/api/client.ts';
import { signedIn } from '@/api/token.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { type Account, AccountFields } from '@/signup/account-fields.tsx';
import { type Choice, IndustryPicker } from '@/signup/industry-picker.tsx';
import { rulesMet } from '@/signup/password-rules.ts';
import classes from '@/signup/signup.module.css';
import { type Outcome, keyedSignUp } from '@/signup/signing-up.ts';
import { useSignupClosed } from '@/session/signup-status.ts';
import { TemplatePreview } from '@/signup/template-preview.tsx';
import { Logo } from '@/ui/logo.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

const route = getRouteApi('/signup');

/** What a refusal about the industry is called, whatever the reason it is not offered. */
const WITHDRAWN: readonly string[] = ['unknown_industry', 'industry_inactive', 'industry_not_applicable'];
const FRESH = { applied: 'ready', none: 'ready', pending: 'building', refused: 'refused' } as const;

const PICKER = 'industry-picker';

function toPicker(): void {
  const picker = document.getElementById(PICKER);
  picker?.scrollIntoView({ block: 'start' });
  picker?.querySelector<HTMLElement>('input:checked, input[type=radio]:not(:disabled)')?.focus();
}

/** An industry, what it brings, and an account: three steps on one page. */
export function SignupPage() {
  const m = useMessages();
  useDocumentTitle(`${m.signup.title} · ${m.common.appName}`);
  const navigate = route.useNavigate();
  const { industry, skip } = route.useSearch();
  const choice: Choice = skip === true ? 'skip' : industry === undefined ? null : { code: industry };
  const industries = useQuery(getIndustriesOptions());
  const [unchosen, setUnchosen] = useState(false);
  const form = useForm<Account>({
    initialValues: { organization_name: '', admin_name: '', admin_email: '', admin_password: '' },
    validate: wrongIn(m),
  });
  const { attempt, isWaiting } = useAttempt();
  const withdrawn = isWithdrawn(choice, industries.data?.items) || WITHDRAWN.includes(codeOf(attempt.error));

  const choose = (next: Choice) => {
    setUnchosen(false);
    attempt.reset();
    const search = next === 'skip' ? { skip: true as const } : next === null ? {} : { industry: next.code };
    void navigate({ search, replace: true, resetScroll: false });
  };
  const submit = (account: Account) => {
    if (choice === null || (choice !== 'skip' && isWithdrawn(choice, industries.data?.items))) {
      setUnchosen(choice === null);
      toPicker();
      return;
    }
    attempt.mutate(
      { ...account, industry_code: choice === 'skip' ? null : choice.code },
      {
        onSuccess: ({ accessToken, modules }) => {
          if (accessToken === null) return;
          signedIn(accessToken);
          void navigate({ to: '/organization', search: { fresh: FRESH[modules] } });
        },
        onError: (error) => {
          const fields = fieldErrors(error, m);
          form.setErrors(fields);
          const first = Object.keys(fields)[0];
          if (WITHDRAWN.includes(codeOf(error))) toPicker();
          else if (first !== undefined) form.getInputNode(first)?.focus();
        },
      },
    );
  };
  const isClosed = useSignupClosed();
  if (isClosed || codeOf(attempt.error) === 'signup_closed') return <Closed />;
  if (attempt.data?.accessToken === null) return <Created />;
  const isBusy = attempt.isPending || attempt.isSuccess;
  return (
    <main className={classes.page}>
      <Group justify="space-between" mb="xl">
        <Logo />
        <Text fz="sm" c="dimmed">
          {m.signup.haveAccount}{' '}
          <Anchor component={Link} to="/login" fz="sm" underline="always">
            {m.signup.signIn}
          </Anchor>
        </Text>
      </Group>
      <Title order={1} fz={26}>
        {m.signup.title}
      </Title>
      <Text c="dimmed" mb="lg">
        {m.signup.subtitle}
      </Text>
      <form
        noValidate
        onSubmit={form.onSubmit(submit, (errors) => {
          if (choice === null) {
            setUnchosen(true);
            toPicker();
          } else form.getInputNode(Object.keys(errors)[0] ?? '')?.focus();
        })}
      >
        <Stack gap="md">
          <Step number={1} title={m.signup.stepIndustry} id="step-industry">
            <div id={PICKER} style={{ scrollMarginTop: 72 }}>
              {withdrawn && (
                <Alert color="orange" title={m.signup.withdrawnTitle} mb="sm" role="alert">
                  {m.signup.withdrawnHint}
                </Alert>
              )}
              <IndustryPicker
                industries={industries}
                choice={choice}
                onChoose={choose}
                error={unchosen ? m.signup.industryMissing : null}
              />
            </div>
          </Step>
          <Step number={2} title={m.signup.stepModules} id="step-modules">
            <TemplatePreview choice={withdrawn ? null : choice} />
          </Step>
          <Step number={3} title={m.signup.stepAccount} id="step-account">
            <AccountFields form={form} />
          </Step>
          <Refused error={attempt.error} hasFields={Object.keys(fieldErrors(attempt.error, m)).length > 0} />
          {isWaiting && isBusy && (
            <Alert color="indigo" title={m.signup.creating} role="status">
              {m.signup.takesLonger}
            </Alert>
          )}
          <Button type="submit" size="md" loading={isBusy} loaderProps={{ 'aria-label': m.signup.creating }}>
            {m.signup.submit}
          </Button>
        </Stack>
      </form>
    </main>
  );
}

/** The signup under way. */
function useAttempt() {
  const [send] = useState(keyedSignUp);
  const [isWaiting, setWaiting] = useState(false);
  const attempt = useMutation<Outcome, Error, Account & { industry_code: string | null }>({
    meta: { isHandled: true },
    mutationFn: ({ admin_name: name, ...account }) => {
      setWaiting(false);
      return send({ ...account, admin_name: name.trim() === '' ? null : name }, () => setWaiting(true));
    },
  });
  return { attempt, isWaiting };
}

function Step({ number, title, id, children }: { number: number; title: string; id: string; children: ReactNode }) {
  return (
    <Paper component="section" p={{ base: 'md', xs: 'lg' }} aria-labelledby={id}>
      <Group gap={10} mb="sm" wrap="nowrap">
        <Box
          aria-hidden
          w={24}
          h={24}
          fz="xs"
          fw={600}
          bg="var(--mantine-primary-color-light)"
          c="var(--mantine-primary-color-light-color)"
          style={{ borderRadius: 12, display: 'grid', placeItems: 'center', flexShrink: 0 }}
        >
          {number}
        </Box>
        <Title order={2} fz="lg" id={id}>
          {title}
        </Title>
      </Group>
      {children}
    </Paper>
  );
}

/** What belongs to no field: the service is away, or refused for a reason of its own. */
function Refused({ error, hasFields }: { error: Error | null; hasFields: boolean }) {
  const m = useMessages();
  if (error === null || hasFields || WITHDRAWN.includes(codeOf(error))) return null;
  const status = problemOf(error)?.status ?? 0;
  if (status !== 0 && status < 500) return <ProblemAlert error={error} />;
  return (
    <Alert color="orange" title={m.signup.downTitle} role="alert">
      {m.signup.downHint}
    </Alert>
  );
}

/** The operator takes no signups. */
function Closed() {
  const m = useMessages();
  return (
    <main className={classes.page}>
      <Stack align="flex-start">
        <Logo />
        <Title order={1} fz={26}>
          {m.signup.closedTitle}
        </Title>
        <Text>{m.signup.closedHint}</Text>
        <Button component={Link} to="/login">
          {m.signup.signIn}
        </Button>
      </Stack>
    </main>
  );
}

function Created() {
  const m = useMessages();
  return (
    <main className={classes.page}>
      <Stack align="flex-start">
        <Title order={1} fz={26}>
          {m.signup.createdTitle}
        </Title>
        <Text>{m.signup.createdHint}</Text>
        <Button component={Link} to="/login">
          {m.signup.signIn}
        </Button>
      </Stack>
    </main>
  );
}

const codeOf = (error: unknown): string => problemOf(error)?.code ?? '';

function isWithdrawn(
  choice: Choice,
  offered: readonly { industry_code: string; applicable: boolean }[] | undefined,
): boolean {
  if (choice === null || choice === 'skip' || offered === undefined) return false;
  return !offered.some((one) => one.industry_code === choice.code && one.applicable);
}

function wrongIn(m: Messages) {
  return {
    organization_name: (name: string) => (name.trim() === '' ? m.signup.organizationMissing : null),
    admin_email: (email: string) => (/^[^\s@]+@[^\s@]+$/.test(email.trim()) ? null : m.signup.emailWrong),
    admin_password: (password: string) => {
      const { isLong, isVaried } = rulesMet(password);
      return isLong && isVaried ? null : m.signup.passwordWrong;
    },
  };
}

/** What the service found wrong, at the field it is about. */
function fieldErrors(error: unknown, m: Messages): Partial<Record<keyof Account, string>> {
  const problem = problemOf(error);
  const found: Partial<Record<keyof Account, string>> = {};
  for (const { pointer, message } of problem?.errors ?? []) {
    if (pointer === '/organization_name') found.organization_name = message;
    if (pointer === '/admin_name') found.admin_name = message;
    if (pointer === '/admin_email') found.admin_email = problem?.code === 'email_taken' ? m.signup.emailTaken : message;
    if (pointer === '/admin_password') found.admin_password = message;
  }
  return found;
}
