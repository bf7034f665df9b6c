import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createIndustry, type IndustryDetails, limits } from '@modplane/client';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { codeFor } from '@/industries/draft.ts';
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
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={m.industries.createTitle}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Fields onClose={onClose} taken={taken} />
    </Modal>
  );
}

function Fields({ onClose, taken }: { onClose: () => void; taken: readonly IndustryDetails[] }) {
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
    meta: { told: true },
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
      void navigate({ to: '/super-admin/industries/$code', params: { code }, replace: true });
    },
  });
  const nameTaken = problemOf(create.error)?.code === 'industry_name_taken';
  return (
    <form
      onSubmit={form.onSubmit((body) => {
        setTried(true);
        if (codeError !== null || code === '') return;
        create.mutate(body);
      })}
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
        {!nameTaken && <ProblemAlert error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
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
