import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { limits, type OrganizationModuleDetails } from '@modplane/client';
import { isConflict, problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { ConfigConflict } from '@/assignments/config-conflict.tsx';
import { merged, patchOf } from '@/assignments/layers.ts';
import { type ConflictDetails, conflictDetailsOf } from '@/assignments/conflict.ts';
import { type LayeredEdit, placesOf, useLayeredEdit } from '@/assignments/use-layered-edit.ts';
import { patchConfig } from '@/assignments/mutations.ts';
import { ConfigEditor, configErrors } from '@/ui/config-editor.tsx';
import { Diff } from '@/ui/diff.tsx';
import { type DiscardGuard, useTellDirty } from '@/ui/discard-guard.tsx';
import { showFirstError } from '@/ui/first-error.ts';
import { sameJson, valueAt } from '@/ui/json-values.ts';
import type { ValidationError } from '@/ui/validation-errors.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';
import { requireStored } from '@/ui/stored.ts';

interface ConfigFormProps {
  readonly details: OrganizationModuleDetails;
  readonly organizationName: string;
  readonly industryOf: (code: string) => string;
  readonly guard: DiscardGuard;
  readonly onClose: () => void;
}

/** Edits, shows the difference, saves; and when somebody else saved first, lets the person choose key by key. */
export function ConfigForm({ details, organizationName, industryOf, guard, onClose }: ConfigFormProps) {
  const m = useMessages();
  const edit = useLayeredEdit(details.layers, details.own_config);
  const { base, saved, edited, own, isChanged } = edit;
  const [sequence, setSequence] = useState(details.sequence);
  const [unread, setUnread] = useState<string | null>(null);
  const [step, setStep] = useState<'edit' | 'review'>('edit');
  const [reason, setReason] = useState('');
  const [conflict, setConflict] = useState<ConflictDetails | null>(null);
  const top = useRef<HTMLDivElement>(null);
  const { organization_id: organizationId, module_id: moduleId, module_name: name } = details;
  const save = useMutation({
    mutationFn: async (expected: { own: typeof own; sequence: number; edited: typeof edited }) => {
      const answer = await patchConfig(organizationId, moduleId, patchOf(expected.own, own), {
        sequence: expected.sequence,
        reason: reason.trim(),
      });
      requireStored(own, answer.config);
    },
    meta: { isHandled: true },
    onSuccess: (_, expected) => {
      const undo = () => patchConfig(organizationId, moduleId, patchOf(own, expected.own));
      notifyDone(m.assignments.configSaved(name, organizationName), m, undo);
      guard.leave(onClose);
    },
    onError: (error, expected) => {
      if (!isConflict(error)) {
        setStep('edit');
        showFirstError(top.current);
        return;
      }
      const found = conflictDetailsOf(error, moduleId);
      if (found?.own !== undefined && sameJson(found.own, expected.own)) {
        // Something else of this tenant changed: nothing that was typed here is concerned.
        setSequence(found.sequence);
        save.mutate({ ...expected, sequence: found.sequence });
      } else if (found) setConflict(found);
    },
  });
  useTellDirty(isChanged || unread !== null || reason.trim() !== '', guard.setDirty);
  const origins = useOrigins(edit, details, industryOf);
  const wrong = useWrong(edit, details, save.error, save.variables?.edited);
  if (conflict) {
    return (
      <ConfigConflict
        base={saved}
        mine={own}
        conflict={conflict}
        organizationId={organizationId}
        onResolved={(layer) => {
          edit.goOn(conflict.own ?? {}, layer);
          setSequence(conflict.sequence);
          setConflict(null);
          save.reset();
          setStep('review');
        }}
        onClose={() => guard.leave(onClose)}
      />
    );
  }
  const review = () => {
    if (wrong.blocking) showFirstError(top.current);
    else setStep('review');
  };
  const whyNot = unread ?? (isChanged ? null : m.ui.whyNot.unchanged);
  return (
    <Stack ref={top}>
      {step === 'edit' ? (
        <>
          {details.config_errors.length > 0 && !isChanged && <Alert color="orange">{m.assignments.doesNotFit}</Alert>}
          <ConfigEditor
            label={m.assignments.configTitle(name)}
            value={edited}
            schema={details.config_schema}
            errors={wrong.told}
            impossible={wrong.impossible}
            origins={origins}
            onUnread={setUnread}
            onChange={edit.edit}
          />
          {!isConflict(save.error) && (
            <ProblemAlert error={problemOf(save.error)?.status === 422 && wrong.refused === 0 ? null : save.error} />
          )}
        </>
      ) : (
        <>
          <Text fw={600}>{m.assignments.reviewTitle}</Text>
          <Diff before={merged(base, saved)} after={merged(base, own)} />
          <Textarea
            label={m.common.reason}
            description={m.common.reasonHint}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={limits.query.reason}
            rows={2}
          />
        </>
      )}
      <Group justify="space-between" style={{ position: 'sticky', bottom: 0 }} py="sm" bg="var(--mantine-color-body)">
        <Button
          variant="subtle"
          color="gray"
          disabled={(Object.keys(own).length === 0 && !isChanged) || step === 'review'}
          onClick={edit.resetAll}
        >
          {m.assignments.resetAll}
        </Button>
        <Group gap="xs" justify="flex-end" style={{ flex: 1 }}>
          {step === 'edit' && whyNot !== null && (
            <Text fz="xs" c="dimmed" id={WHY_NOT} role="status">
              {whyNot}
            </Text>
          )}
          <Button variant="default" onClick={step === 'edit' ? guard.close : () => setStep('edit')}>
            {step === 'edit' ? m.common.cancel : m.assignments.back}
          </Button>
          {step === 'edit' ? (
            <Button
              disabled={whyNot !== null}
              aria-describedby={whyNot === null ? undefined : WHY_NOT}
              onClick={review}
            >
              {m.assignments.review}
            </Button>
          ) : (
            <Button
              disabled={!isChanged}
              loading={save.isPending}
              onClick={() => save.mutate({ own: saved, sequence, edited })}
            >
              {m.common.save}
            </Button>
          )}
        </Group>
      </Group>
    </Stack>
  );
}

const WHY_NOT = 'config-why-not';

/** Where each value is from, in words, and what lets go of the tenant's own. */
function useOrigins(edit: LayeredEdit, details: OrganizationModuleDetails, industryOf: (code: string) => string) {
  const m = useMessages();
  const labels = details.layers.map((layer) =>
    layer.kind === 'module'
      ? m.assignments.fromModule
      : layer.kind === 'organization'
        ? m.assignments.fromTenant
        : m.assignments.template(industryOf(layer.industry_code ?? ''), layer.template_version ?? 0),
  );
  return Object.fromEntries(
    [...placesOf(edit, details.layers)].map(([pointer, place]) => [
      pointer,
      place === 'own'
        ? {
            label: valueAt(edit.edited, pointer) === undefined ? m.ui.notSet : m.assignments.fromTenant,
            onReset: () => edit.reset(pointer),
            hasDefault: valueAt(edit.base, pointer) !== undefined,
          }
        : { label: labels[place] ?? m.assignments.fromModule },
    ]),
  );
}

/**
 * What is wrong, and whether saving it would be refused. The service lets be what did not fit before, and so do we;
 * what it refused is told until the value there is another one.
 */
function useWrong(edit: LayeredEdit, details: OrganizationModuleDetails, error: unknown, refusedFor: unknown) {
  const m = useMessages();
  const { edited, base, saved } = edit;
  const { config_schema: schema, config_errors: known } = details;
  return useMemo(() => {
    const impossible = edit.unstorable.map(({ pointer, why }): ValidationError => ({
      pointer,
      message: why === 'null' ? m.ui.nullTakesAway : m.ui.fromBelow,
    }));
    const before = merged(base, saved);
    const isNew = ({ pointer, message }: ValidationError, earlier: readonly ValidationError[]) =>
      !earlier.some((one) => one.pointer === pointer && one.message === message) || !sameAt(edited, before, pointer);
    const earlier = configErrors(schema, before, m);
    const fresh = configErrors(schema, edited, m).filter((one) => isNew(one, earlier));
    const refused = (problemOf(error)?.status === 422 ? (problemOf(error)?.errors ?? []) : []).filter(({ pointer }) =>
      sameAt(edited, refusedFor, pointer),
    );
    const old = known.filter(({ pointer }) => sameAt(edited, before, pointer));
    return {
      impossible,
      told: [...refused, ...old],
      blocking: impossible.length + fresh.length > 0,
      refused: refused.length,
    };
  }, [edit.unstorable, edited, base, saved, schema, known, error, refusedFor, m]);
}

const sameAt = (one: unknown, other: unknown, pointer: string): boolean =>
  sameJson(valueAt(one, pointer) ?? null, valueAt(other, pointer) ?? null);
