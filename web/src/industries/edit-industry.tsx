import { Alert, Button, Group, Modal, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { deleteIndustry, type IndustryDetails, limits, updateIndustry } from '@modplane/client';
import { isConflict, problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { eventsSince } from '@/ui/events-since.ts';
import { type DiscardGuard, useDiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { showFirstError } from '@/ui/first-error.ts';
import { isJsonObject } from '@/ui/json-values.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { WhoChanged } from '@/ui/who-changed.tsx';

interface DialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly industry: IndustryDetails;
}

/** Name, description, and whether it is offered. */
export function EditIndustry({ opened, onClose, industry }: DialogProps) {
  const m = useMessages();
  const guard = useDiscardGuard(onClose);
  return (
    <Modal
      opened={opened}
      onClose={guard.close}
      title={m.industries.editTitle(industry.industry_name)}
      closeButtonProps={{ 'aria-label': m.common.close }}
    >
      <Fields guard={guard} onClose={onClose} industry={industry} />
      {guard.question}
    </Modal>
  );
}

function Fields({ guard, onClose, industry }: Omit<DialogProps, 'opened'> & { guard: DiscardGuard }) {
  const all = useMessages();
  const m = all.industries;
  const code = industry.industry_code;
  // What was there when the person began, or when somebody else was first: the list may be read anew meanwhile.
  const [base, setBase] = useState(industry);
  const form = useForm({
    initialValues: valuesOf(industry),
    validate: { industry_name: (name) => (name.trim() === '' ? m.nameMissing : null) },
  });
  const save = useMutation({
    meta: { isHandled: true },
    mutationFn: (body: Values) => updateIndustry(code, changes(valuesOf(base), body), ifMatch(base.sequence)),
    onSuccess: (_, body) => {
      notifyDone(m.saved(body.industry_name), all, () => updateIndustry(code, changes(body, valuesOf(base))));
      guard.leave(onClose);
    },
    onError: (error, body) => {
      const theirs = currentOf(error);
      if (theirs === null) return;
      form.setValues({ ...valuesOf(theirs), ...changes(valuesOf(base), body) });
      setBase(theirs);
    },
  });
  const isAboutName = problemOf(save.error)?.code === 'industry_name_taken';
  const nameTaken = isAboutName && save.variables?.industry_name === form.values.industry_name;
  useTellDirty(Object.keys(changes(valuesOf(base), form.values)).length > 0, guard.setDirty);
  const last = eventsSince(save.error).at(-1);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        const fields = event.currentTarget;
        form.onSubmit(
          (body) => save.mutate(body, { onError: () => showFirstError(fields) }),
          () => showFirstError(fields),
        )(event);
      }}
    >
      <Stack>
        <TextInput
          label={m.name}
          data-autofocus
          maxLength={limits.IndustryChanges.industry_name}
          {...form.getInputProps('industry_name')}
          error={nameTaken ? m.nameTaken : form.errors['industry_name']}
        />
        <Textarea
          label={m.description}
          autosize
          minRows={2}
          maxLength={limits.IndustryChanges.description}
          {...form.getInputProps('description')}
        />
        <Switch
          label={m.offered}
          description={m.offeredHint}
          {...form.getInputProps('is_active', { type: 'checkbox' })}
        />
        {currentOf(save.error) ? (
          <Alert color="orange" title={all.common.conflictTitle} role="alert">
            {last && <WhoChanged event={last} />}
            <Text fz="sm">{all.common.conflictDetail}</Text>
          </Alert>
        ) : (
          !isAboutName && <ProblemAlert error={save.error} />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={guard.close}>
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

type Values = Pick<IndustryDetails, 'industry_name' | 'description' | 'is_active'>;

const valuesOf = ({ industry_name, description, is_active }: Values): Values => ({
  industry_name,
  description,
  is_active,
});

/** What leads from one to the other, and nothing else: fields that only others changed stay theirs. */
const changes = (before: Values, after: Values): Partial<Values> => ({
  ...(after.industry_name !== before.industry_name && { industry_name: after.industry_name }),
  ...(after.description !== before.description && { description: after.description }),
  ...(after.is_active !== before.is_active && { is_active: after.is_active }),
});

const ifMatch = (sequence: number) => ({ headers: { 'If-Match': `"${sequence}"` } });

/** The industry as it is now, which a 412 tells; null for any other failure, or when it is gone. */
function currentOf(error: unknown): IndustryDetails | null {
  if (!isConflict(error)) return null;
  const problem = problemOf(error)?.problem ?? {};
  const current: unknown = 'current' in problem ? problem.current : null;
  return isIndustry(current) ? current : null;
}

const isIndustry = (value: unknown): value is IndustryDetails =>
  isJsonObject(value) && typeof value['sequence'] === 'number';

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
    meta: { isHandled: true },
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
