import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { limits, type ConfigLayer, type OrganizationModuleDetails } from '@modplane/client';
import { isConflict, problemOf } from '@/api/client.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { ConfigConflict } from '@/assignments/config-conflict.tsx';
import { type Meanwhile, meanwhileOf } from '@/assignments/meanwhile.ts';
import { layerFor, leaves, merged, patchOf, placed } from '@/assignments/layers.ts';
import { patchConfig } from '@/assignments/writes.ts';
import { ConfigEditor } from '@/ui/config-editor.tsx';
import { Diff } from '@/ui/diff.tsx';
import { sameJson } from '@/ui/json-values.ts';
import { notifyDone } from '@/ui/notify.tsx';
import { ProblemAlert } from '@/ui/problem.tsx';

type Json = Readonly<Record<string, unknown>>;

const below = (layers: readonly ConfigLayer[]): Json =>
  layers.filter(({ kind }) => kind !== 'organization').reduce<Json>((under, { config }) => merged(under, config), {});

/** Edits, shows the difference, saves; and when somebody else saved first, lets the person choose key by key. */
export function ConfigForm({
  details,
  tenantName,
  industryOf,
  onClose,
}: {
  details: OrganizationModuleDetails;
  tenantName: string;
  industryOf: (code: string) => string;
  onClose: () => void;
}) {
  const m = useMessages();
  const [saved, setSaved] = useState<{ own: Json; sequence: number }>({
    own: details.own_config,
    sequence: details.sequence,
  });
  const [own, setOwn] = useState<Json>(details.own_config);
  const [isReadable, setReadable] = useState(true);
  const [step, setStep] = useState<'edit' | 'review'>('edit');
  const [reason, setReason] = useState('');
  const [meanwhile, setMeanwhile] = useState<Meanwhile | null>(null);
  const base = useMemo(() => below(details.layers), [details]);
  const value = useMemo(() => merged(base, own), [base, own]);
  const { organization_id: organizationId, module_id: moduleId, module_name: name } = details;
  const save = useMutation({
    mutationFn: (expected: { own: Json; sequence: number }) =>
      patchConfig(organizationId, moduleId, patchOf(expected.own, own), {
        sequence: expected.sequence,
        reason: reason.trim(),
      }),
    meta: { told: true },
    onSuccess: (_, expected) => {
      const undo = () => patchConfig(organizationId, moduleId, patchOf(own, expected.own));
      notifyDone(m.assignments.configSaved(name, tenantName), m, undo);
      onClose();
    },
    onError: (error, expected) => {
      if (!isConflict(error)) {
        setStep('edit');
        return;
      }
      const found = meanwhileOf(error, moduleId);
      if (found?.own !== undefined && sameJson(found.own, expected.own)) {
        // Something else of this tenant changed: nothing that was typed here is concerned.
        const next = { own: expected.own, sequence: found.sequence };
        setSaved(next);
        save.mutate(next);
      } else if (found) setMeanwhile(found);
    },
  });
  const origins = useMemo(() => {
    const labels = details.layers.map((layer) =>
      layer.kind === 'module'
        ? m.assignments.fromModule
        : layer.kind === 'organization'
          ? m.assignments.fromTenant
          : m.assignments.template(industryOf(layer.industry_code ?? ''), layer.template_version ?? 0),
    );
    const mine = leaves(own);
    const found = [...leaves(value).keys()].map((pointer) => {
      if (mine.has(pointer)) {
        const onReset = () => setOwn((before) => placed(before, pointer, undefined));
        return [pointer, { label: m.assignments.fromTenant, onReset }] as const;
      }
      const layer = details.layers.findLastIndex(
        ({ kind, config }) => kind !== 'organization' && leaves(config).has(pointer),
      );
      return [pointer, { label: labels[layer] ?? m.assignments.fromModule }] as const;
    });
    return Object.fromEntries(found);
  }, [details, own, value, industryOf, m]);
  if (meanwhile) {
    return (
      <ConfigConflict
        base={saved.own}
        mine={own}
        meanwhile={meanwhile}
        organizationId={organizationId}
        onResolved={(layer) => {
          setSaved({ own: meanwhile.own ?? {}, sequence: meanwhile.sequence });
          setOwn(layer);
          setMeanwhile(null);
          save.reset();
          setStep('review');
        }}
        onClose={onClose}
      />
    );
  }
  const changed = !sameJson(own, saved.own);
  const refused = problemOf(save.error);
  const wrong = refused?.status === 422 ? refused.errors : details.config_errors;
  return (
    <Stack>
      {step === 'edit' ? (
        <>
          {details.config_errors.length > 0 && !changed && <Alert color="orange">{m.assignments.doesNotFit}</Alert>}
          <ConfigEditor
            label={m.assignments.configTitle(name)}
            value={value}
            schema={details.config_schema}
            errors={wrong}
            origins={origins}
            onChange={(next, readable) => {
              setReadable(readable);
              setOwn(layerFor(base, own, next));
              if (save.error) save.reset();
            }}
          />
          {refused?.status !== 422 && !isConflict(save.error) && <ProblemAlert error={save.error} />}
        </>
      ) : (
        <>
          <Text fw={600}>{m.assignments.reviewTitle}</Text>
          <Diff before={merged(base, saved.own)} after={value} />
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
          disabled={Object.keys(own).length === 0 || step === 'review'}
          onClick={() => setOwn({})}
        >
          {m.assignments.resetAll}
        </Button>
        <Group gap="xs">
          <Button variant="default" onClick={step === 'edit' ? onClose : () => setStep('edit')}>
            {step === 'edit' ? m.common.cancel : m.assignments.back}
          </Button>
          {step === 'edit' ? (
            <Button disabled={!changed || !isReadable} onClick={() => setStep('review')}>
              {m.assignments.review}
            </Button>
          ) : (
            <Button disabled={!changed} loading={save.isPending} onClick={() => save.mutate(saved)}>
              {m.common.save}
            </Button>
          )}
        </Group>
      </Group>
    </Stack>
  );
}
