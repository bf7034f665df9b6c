import { Button, Group, Modal, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type IndustryDetails, deleteIndustry, updateIndustry } from '@modplane/client';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

interface DialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly industry: IndustryDetails;
}

/** Name, description, and whether it is offered. */
export function EditIndustry({ opened, onClose, industry }: DialogProps) {
  const m = useMessages();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={m.industries.editTitle(industry.industry_name)}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Fields onClose={onClose} industry={industry} />
    </Modal>
  );
}

function Fields({ onClose, industry }: Omit<DialogProps, 'opened'>) {
  const all = useMessages();
  const m = all.industries;
  const code = industry.industry_code;
  const before = {
    industry_name: industry.industry_name,
    description: industry.description,
    is_active: industry.is_active,
  };
  const form = useForm({
    initialValues: before,
    validate: { industry_name: (name) => (name.trim() === '' ? m.nameMissing : null) },
  });
  const save = useMutation({
    meta: { told: true },
    mutationFn: (body: typeof before) => updateIndustry(code, body),
    onSuccess: (_, body) => {
      notifyDone(m.saved(body.industry_name), all, () => updateIndustry(code, before));
      onClose();
    },
  });
  const nameTaken = problemOf(save.error)?.code === 'industry_name_taken';
  return (
    <form onSubmit={form.onSubmit((body) => save.mutate(body))}>
      <Stack>
        <TextInput
          label={m.name}
          data-autofocus
          maxLength={200}
          {...form.getInputProps('industry_name')}
          error={nameTaken ? m.nameTaken : form.errors['industry_name']}
        />
        <Textarea label={m.description} autosize minRows={2} maxLength={2000} {...form.getInputProps('description')} />
        <Switch
          label={m.offered}
          description={m.offeredHint}
          {...form.getInputProps('is_active', { type: 'checkbox' })}
        />
        {!nameTaken && <ProblemAlert error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {all.common.cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {all.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Deleting says first whom it concerns. It cannot be undone by a click: the code is typed. */
export function DeleteIndustry({ opened, onClose, industry, tenants }: DialogProps & { tenants: number }) {
  const m = useMessages();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={m.industries.removeTitle(industry.industry_name)}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Typed onClose={onClose} industry={industry} tenants={tenants} />
    </Modal>
  );
}

function Typed({ onClose, industry, tenants }: Omit<DialogProps, 'opened'> & { tenants: number }) {
  const all = useMessages();
  const m = all.industries;
  const navigate = useNavigate();
  const code = industry.industry_code;
  const form = useForm({ initialValues: { code: '' } });
  const remove = useMutation({
    meta: { told: true },
    mutationFn: () => deleteIndustry(code),
    onSuccess: () => {
      notifyDone(m.removed(industry.industry_name), all);
      void navigate({ to: '/super-admin/industries' });
    },
  });
  return (
    <form onSubmit={form.onSubmit(() => remove.mutate())}>
      <Stack>
        <Text fz="sm">{m.removeImpact(tenants)}</Text>
        <TextInput
          data-autofocus
          label={all.common.typeToConfirm(code)}
          autoComplete="off"
          {...form.getInputProps('code')}
        />
        <ProblemAlert error={remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {all.common.cancel}
          </Button>
          <Button type="submit" color="red" disabled={form.values.code !== code} loading={remove.isPending}>
            {m.remove}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
