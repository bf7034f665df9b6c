import { Button, Modal, Stack, Text } from '@mantine/core';
import { signOut } from '@/api/token.ts';
import { useMessages } from '@/i18n/messages.tsx';
import { SignInForm } from '@/session/sign-in-form.tsx';

/** Over the drawers and dialogs of the page, and the toasts. */
const ON_TOP = 1000;

/** The session has ended under somebody's hands: their page stays below, with all that was typed, until they are back. */
export default function SignInAgain() {
  const m = useMessages();
  return (
    <Modal
      opened
      onClose={() => undefined}
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      zIndex={ON_TOP}
      title={<Text fw={600}>{m.session.againTitle}</Text>}
    >
      <Stack>
        <SignInForm>
          <Text fz="sm" c="dimmed">
            {m.session.againHint}
          </Text>
        </SignInForm>
        <Button variant="subtle" color="gray" onClick={signOut}>
          {m.session.leave}
        </Button>
      </Stack>
    </Modal>
  );
}
