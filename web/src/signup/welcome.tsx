import { Alert, Progress, Text } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useMessages } from '@/i18n/messages.tsx';
import type { WorkspaceState } from '@/signup/workspace-state.ts';
import { useSlow } from '@/ui/states.tsx';

const LONG_MS = 20_000;

/** How far a new workspace is, spoken as it changes. */
export function Welcome({
  fresh,
  name,
  done,
  awaited,
  onClose,
}: {
  fresh: WorkspaceState;
  name: string;
  done: number;
  awaited: number;
  onClose: () => void;
}) {
  const m = useMessages();
  if (fresh === 'building') return <Building done={done} all={done + awaited} />;
  if (fresh === 'refused') {
    return (
      <Alert
        color="orange"
        icon={<IconInfoCircle size={18} aria-hidden />}
        title={m.workspace.refusedTitle}
        withCloseButton
        closeButtonLabel={m.common.dismiss}
        onClose={onClose}
        role="status"
      >
        {m.workspace.refusedHint}
      </Alert>
    );
  }
  return (
    <Alert
      color="teal"
      icon={<IconCircleCheck size={18} aria-hidden />}
      title={m.workspace.ready(name)}
      withCloseButton
      closeButtonLabel={m.common.dismiss}
      onClose={onClose}
      role="status"
    >
      {done === 0 ? m.workspace.readyEmpty : m.workspace.readyHint(done)}
    </Alert>
  );
}

function Building({ done, all }: { done: number; all: number }) {
  const m = useMessages();
  const long = useSlow(LONG_MS);
  return (
    <Alert color="indigo" title={m.workspace.building(done, all)} role="status">
      <Text fz="sm">{long ? m.workspace.buildingLong : m.workspace.buildingHint}</Text>
      <Progress
        value={all === 0 ? 0 : (done / all) * 100}
        mt="sm"
        size="sm"
        aria-label={m.workspace.building(done, all)}
      />
    </Alert>
  );
}
