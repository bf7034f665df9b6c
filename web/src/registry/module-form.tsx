import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { type ModuleDetails, type ModuleToRegister, registerModule } from '@modplane/client';
import { problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { useCachedRegistry } from '@/registry/cached-registry.ts';
import { Conflict, type ConflictDetails, conflictDetailsOf } from '@/registry/conflict.tsx';
import {
  BLANK,
  EDITED,
  type FormField,
  type FormValues,
  changesOf,
  isSame,
  merged,
  registration,
  schemaOf,
  slugOf,
  valuesOf,
  wrongIn,
} from '@/registry/form-values.ts';
import { ModuleFields } from '@/registry/module-fields.tsx';
import { type Violations, useSaving } from '@/registry/saving.ts';
import { configErrors } from '@/ui/config-editor.tsx';
import { Confirm } from '@/ui/confirm.tsx';
import { useTellDirty } from '@/ui/discard-guard.tsx';
import { showFirstError } from '@/ui/first-error.ts';
import { sameJson, valueAt } from '@/ui/json-values.ts';
import type { ValidationError } from '@/ui/validation-errors.ts';
import { notifyDone, notifyProblem } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { requireStored } from '@/ui/stored.ts';

/** Adds a module, or changes one. What is typed outlives every refusal. */
export function ModuleForm({
  modules,
  module,
  onDirty,
  onDone,
  onCancel,
}: {
  modules: readonly ModuleDetails[];
  module: ModuleDetails | null;
  onDirty: (isDirty: boolean) => void;
  onDone: (moduleId: string) => void;
  onCancel: () => void;
}) {
  const m = useMessages();
  // What the person saw when they began: what others save in between does not change it under their hands.
  const [base, setBase] = useState(module);
  const [values, setValues] = useState<FormValues>(() => (module ? valuesOf(module) : BLANK));
  const [codeTyped, setCodeTyped] = useState(false);
  const [shownWrong, setShownWrong] = useState(false);
  const [unread, setUnread] = useState<string | null>(null);
  const [conflict, setConflict] = useState<ConflictDetails | null>(null);
  const [violations, setViolations] = useState<Violations | null>(null);
  const top = useRef<HTMLFormElement>(null);
  const add = useMutation({
    mutationFn: (module: ModuleToRegister) => registerModule(module),
    meta: { isHandled: true },
  });
  const saving = useSaving();
  const cached = useCachedRegistry();
  const schema = useMemo(() => schemaOf(values.config_schema) ?? null, [values.config_schema]);
  const taken = module ? undefined : modules.find((one) => one.module_id === values.module_id)?.module_name;
  const wrong = wrongIn(values, taken, m);
  const error: unknown = add.error ?? saving.error;
  const [sent, setSent] = useState(values);
  const refused = useMemo(() => refusedFields(error, sent, values), [error, sent, values]);
  const hasErrors = useMemo(
    () => configErrors(schema, values.default_config, m, true).length > 0,
    [schema, values.default_config, m],
  );
  const isDirty = useMemo(() => {
    const start = base ? valuesOf(base) : BLANK;
    return EDITED.some((field) => !isSame(start, values, field)) || values.module_id !== start.module_id;
  }, [base, values]);
  useTellDirty(isDirty || unread !== null, onDirty);

  const change = (given: Partial<FormValues>) =>
    setValues((before) => ({
      ...before,
      ...given,
      ...(given.module_name !== undefined && module === null && !codeTyped && { module_id: slugOf(given.module_name) }),
    }));
  const save = async (violationsSeen: boolean) => {
    if (base === null) {
      const added = await add.mutateAsync(registration(values));
      cached.put(added);
      try {
        requireStored(values.default_config, added.default_config);
        notifyDone(m.modules.created1(added.module_name), m);
      } catch (otherwise) {
        notifyProblem(otherwise, m);
      }
      onDone(added.module_id);
      return;
    }
    const outcome = await saving.save(base, changesOf(base, values), violationsSeen);
    if (outcome === 'saved') onDone(base.module_id);
    else setViolations(outcome);
  };
  const submit = async (violationsSeen = false) => {
    setShownWrong(true);
    if (Object.keys(wrong).length > 0 || unread !== null || hasErrors) {
      showFirstError(top.current);
      return;
    }
    setSent(values);
    try {
      await save(violationsSeen);
    } catch (failed) {
      const theirs = base && conflictDetailsOf(failed);
      if (!theirs) {
        showFirstError(top.current);
        return;
      }
      const together = merged(valuesOf(base), valuesOf(theirs.module), values);
      setConflict({ ...theirs, ...together, mine: values });
      setValues(together.values);
      setBase(theirs.module);
      saving.reset();
      top.current?.scrollIntoView({ block: 'start' });
    }
  };
  // A code is judged while it is typed; what is missing, once it was to be saved.
  const told: Partial<Record<FormField, string>> = shownWrong
    ? wrong
    : values.module_id !== '' && wrong.module_id !== undefined
      ? { module_id: wrong.module_id }
      : {};
  return (
    <form
      ref={top}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
      }}
    >
      <Stack gap="lg">
        {conflict && <Conflict conflict={conflict} values={values} onChoose={change} />}
        <ModuleFields
          values={values}
          onChange={change}
          wrong={{ ...refused.fields, ...told }}
          onCode={
            module === null
              ? (code) => {
                  setCodeTyped(code !== '');
                  change({ module_id: code });
                }
              : null
          }
          modules={modules}
          schema={schema}
          defaultErrors={refused.defaults}
          schemaErrors={refused.schema}
          onUnread={setUnread}
        />
        {refused.isTold ? null : <ProblemAlert error={error} />}
        <Group
          justify="flex-end"
          gap="xs"
          py="sm"
          style={{
            position: 'sticky',
            bottom: 0,
            background: 'var(--mantine-color-body)',
            borderTop: '1px solid var(--mantine-color-default-border)',
            zIndex: 2,
          }}
        >
          {isDirty && base !== null && (
            <Text fz="xs" c="dimmed" mr="auto">
              {m.modules.unsaved}
            </Text>
          )}
          <Button variant="default" onClick={onCancel}>
            {m.common.cancel}
          </Button>
          <Button type="submit" loading={add.isPending || saving.isPending}>
            {module ? m.common.save : m.modules.create}
          </Button>
        </Group>
      </Stack>
      <Confirm
        opened={violations !== null}
        onClose={() => setViolations(null)}
        title={m.modules.rulesTitle}
        action={m.modules.saveAnyway}
        onConfirm={() => submit(true)}
      >
        {violations && (
          <Stack gap="xs">
            <Text fz="sm">{m.modules.rulesTenants(violations.organizations, violations.atLeast)}</Text>
            {violations.templates.length > 0 && (
              <Text fz="sm">{m.modules.rulesTemplates(violations.templates.join(', '))}</Text>
            )}
          </Stack>
        )}
      </Confirm>
    </form>
  );
}

/**
 * Where the service says something is wrong, for the fields that can show it, as long as they hold what it refused.
 * `isTold`: all of it is said at fields, or was until they were changed.
 */
function refusedFields(error: unknown, sent: FormValues, values: FormValues) {
  const fields: Partial<Record<FormField, string>> = {};
  const defaults: ValidationError[] = [];
  const schema: ValidationError[] = [];
  const problem = problemOf(error);
  const errors = problem?.status === 422 ? problem.errors : [];
  let isTold = errors.length > 0;
  for (const { pointer, message } of errors) {
    const [, field = '', ...inside] = pointer.split('/');
    const at = inside.length > 0 ? `/${inside.join('/')}` : '';
    if (!isField(field)) isTold = false;
    else if (field === 'default_config') {
      const [then, now] = [valueAt(sent.default_config, at), valueAt(values.default_config, at)];
      if (sameJson(then ?? null, now ?? null)) defaults.push({ pointer: at, message });
    } else if (!sameJson(sent[field], values[field])) continue;
    else if (field === 'config_schema') schema.push({ pointer: at, message });
    else fields[field] = message;
  }
  return { fields, defaults, schema, isTold };
}

const isField = (name: string): name is FormField => name in BLANK;
