import { Button, Center, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMessages } from '@/i18n/messages.tsx';

function DeadEnd({ title, detail }: { title: string; detail: string }) {
  const m = useMessages();
  return (
    <Center component="main" mih="70vh" p="md">
      <Stack align="center" maw={460}>
        <Title order={1} fz={22} ta="center">
          {title}
        </Title>
        <Text c="dimmed" ta="center">
          {detail}
        </Text>
        <Button component={Link} to="/" variant="default">
          {m.common.toStart}
        </Button>
      </Stack>
    </Center>
  );
}

export function NotFound() {
  const { common } = useMessages();
  return <DeadEnd title={common.notFoundTitle} detail={common.notFoundDetail} />;
}

export function Forbidden() {
  const { common } = useMessages();
  return <DeadEnd title={common.forbiddenTitle} detail={common.forbiddenDetail} />;
}

export function Crashed() {
  const { common } = useMessages();
  return <DeadEnd title={common.crashedTitle} detail={common.crashedDetail} />;
}
