import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { Messages } from '@/i18n/messages.tsx';
import { ProblemDetails, describeProblem } from '@/ui/problem.tsx';

const UNDO_MS = 10_000;

/** Says what happened to what. With `undo`, offers for ten seconds to call the inverse. */
export function notifyDone(text: string, m: Messages, undo?: () => Promise<unknown>): void {
  const id = notifications.show({
    closeButtonProps: { 'aria-label': m.common.dismiss },
    color: 'teal',
    autoClose: undo ? UNDO_MS : 4000,
    message: (
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
          {text}
        </Text>
        {undo && (
          <Button
            size="compact-sm"
            variant="default"
            style={{ flexShrink: 0 }}
            onClick={() => {
              notifications.hide(id);
              undo().then(
                () => notifyDone(m.common.undone, m),
                (error: unknown) => notifyProblem(error, m),
              );
            }}
          >
            {m.common.undo}
          </Button>
        )}
      </Group>
    ),
  });
}

/** A failure that belongs to no field: stays until it is dismissed. */
export function notifyProblem(error: unknown, m: Messages): void {
  notifications.show({
    closeButtonProps: { 'aria-label': m.common.dismiss },
    color: 'red',
    autoClose: false,
    title: describeProblem(error, m).title,
    message: <ProblemDetails error={error} />,
  });
}
