import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createIndustry, type IndustryDetails, limits } from '@modplane/client';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { codeFor } from '@/industries/draft.ts';
import { type DiscardGuard, useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { showFirstError } from '@/ui/first-error.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

const SLUG = /^[a-z][a-z0-9_]{1,62}$/;

/** A template's name, code and description; the modules come next. */
export function NewIndustry({
  opened,
  onClose,
  taken,
}: {
  opened: boolean;
  onClose: () => void;
  taken: readonly IndustryDetails[];
}) {
  const m = useMessages();
  const guard = useDiscardGuard(onClose);
  return (
    <Modal
      opened={opened}
      onClose={guard.close}
      title={m.industries.createTitle}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Fields guard={guard} taken={taken} />
      {guard.question}
    </Modal>
  );
}

function Fields({ guard, taken }: { guard: DiscardGuard; taken: readonly IndustryDetails[] }) {
  const all = useMessages();
  const m = all.industries;
  const navigate = useNavigate();
  const [ownCode, setOwnCode] = useState<string | null>(null);
  const [isTried, setTried] = useState(false);
  const form = useForm({
    initialValues: { name: '', description: '' },
    validate: { name: (name) => (name.trim() === '' ? m.nameMissing : null) },
  });
  const code = ownCode ?? codeFor(form.values.name);
  const isTaken = taken.some((one) => one.industry_code === code);
  const codeError = isTaken ? m.codeTaken : (code !== '' || isTried) && !SLUG.test(code) ? m.codeWrong : null;
  const create = useMutation({
    meta: { isHandled: true },
    mutationFn: (body: { name: string; description: string }) =>
      createIndustry({
        industry_code: code,
        industry_name: body.name,
        description: body.description,
        is_active: true,
        modules: [],
      }),
    onSuccess: (_, { name }) => {
      notifyDone(m.created(name), all);
      guard.leave(() => void navigate({ to: '/super-admin/industries/$code', params: { code }, replace: true }));
    },
  });
  const isAboutName = problemOf(create.error)?.code === 'industry_name_taken';
  const nameTaken = isAboutName && create.variables?.name === form.values.name;
  useTellDirty(form.isDirty() || ownCode !== null, guard.setDirty);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        const fields = event.currentTarget;
        setTried(true);
        form.onSubmit(
          (body) => {
            if (codeError !== null || code === '') showFirstError(fields);
            else create.mutate(body, { onError: () => showFirstError(fields) });
          },
          () => showFirstError(fields),
        )(event);
      }}
    >
      <Stack>
        <Text fz="sm" c="dimmed">
          {m.createHint}
        </Text>
        <TextInput
          label={m.name}
          data-autofocus
          maxLength={limits.IndustryToCreate.industry_name}
          {...form.getInputProps('name')}
          error={nameTaken ? m.nameTaken : form.errors['name']}
        />
        <TextInput
          label={m.code}
          description={m.codeHint}
          ff="monospace"
          value={code}
          maxLength={limits.IndustryToCreate.industry_code}
          error={codeError}
          onChange={(event) => setOwnCode(event.currentTarget.value)}
        />
        <Textarea
          label={m.description}
          autosize
          minRows={2}
          maxLength={limits.IndustryToCreate.description}
          {...form.getInputProps('description')}
        />
        {!isAboutName && <ProblemAlert error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={guard.close}>
            {all.common.cancel}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {m.createSubmit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
