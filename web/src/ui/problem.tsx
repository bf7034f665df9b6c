import { Alert, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { problemOf } from '@/api/client.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { Copyable } from '@/ui/copyable.tsx';
import { StoredOtherwise } from '@/ui/stored.ts';

export interface ProblemText {
  readonly title: string;
  readonly detail: string;
  readonly operationId: string | null;
  readonly fields: readonly { readonly pointer: string; readonly message: string }[];
}

/** A failure in words: the service's own where it answered, ours where nothing did. */
export function describeProblem(error: unknown, m: Messages): ProblemText {
  if (error instanceof StoredOtherwise) {
    const detail = m.common.storedOtherwise(error.pointers.join(', '));
    return { title: m.common.storedOtherwiseTitle, detail, operationId: null, fields: [] };
  }
  const failed = problemOf(error);
  if (failed === null || failed.code === 'unreachable') {
    if (!navigator.onLine) {
      return { title: m.common.offlineTitle, detail: m.common.offlineDetail, operationId: null, fields: [] };
    }
    return { title: m.common.networkTitle, detail: m.common.networkDetail, operationId: null, fields: [] };
  }
  // Not the service's answer but that of something before it: its words are for nobody here.
  if (failed.type === 'about:blank') {
    const detail = m.common.foreignDetail(failed.status);
    return { title: m.common.networkTitle, detail, operationId: null, fields: [] };
  }
  const { title, detail, errors, operationId } = failed;
  if (failed.status !== 422) return { title, detail, operationId, fields: errors };
  // What the service calls it is HTTP's; what it says beside a list of values is for programs.
  const isListed = errors.length > 0;
  return {
    title: m.common.refusedTitle,
    detail: isListed ? m.common.refusedFields : detail,
    operationId,
    fields: errors,
  };
}

export function ProblemDetails({ error }: { error: unknown }) {
  const m = useMessages();
  const { detail, operationId, fields } = describeProblem(error, m);
  return (
    <Stack gap={4}>
      <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {detail}
      </Text>
      {fields.length > 0 && (
        <List fz="sm">
          {fields.map((field) => (
            <List.Item key={`${field.pointer} ${field.message}`}>
              <Text span ff="monospace" fz="xs">
                {field.pointer}
              </Text>{' '}
              {field.message}
            </List.Item>
          ))}
        </List>
      )}
      {operationId !== null && (
        <Group gap={6}>
          <Text span fz="xs" c="dimmed">
            {m.common.operation}
          </Text>
          <Copyable value={operationId} />
        </Group>
      )}
    </Stack>
  );
}

/** A refusal inside a form or dialog. */
export function ProblemAlert({ error }: { error: unknown }) {
  const m = useMessages();
  if (error === null || error === undefined) return null;
  return (
    <Alert
      color="red"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={describeProblem(error, m).title}
      role="alert"
    >
      <ProblemDetails error={error} />
    </Alert>
  );
}
