import { Text, type TextProps, Tooltip, UnstyledButton } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useMessages } from '@/i18n/messages.tsx';

/** An id or code in monospace that a click copies. `label` names it for screen readers. */
export function Copyable({
  value,
  shown,
  label,
  ...text
}: { value: string; shown?: string; label?: string } & TextProps) {
  const m = useMessages();
  const clipboard = useClipboard({ timeout: 1500 });
  const hint = clipboard.copied ? m.common.copied : m.common.copy;
  return (
    <Tooltip label={hint}>
      <UnstyledButton
        className="copyable"
        onClick={(event) => {
          event.stopPropagation();
          clipboard.copy(value);
        }}
        aria-label={`${hint}: ${label ?? value}`}
        style={{ display: 'inline-flex', alignItems: 'center', gap: 4, maxWidth: '100%', minWidth: 0, minHeight: 24 }}
      >
        <Text span ff="monospace" fz="xs" truncate="end" {...text}>
          {shown ?? value}
        </Text>
        {clipboard.copied ? <IconCheck size={12} aria-hidden /> : <IconCopy size={12} aria-hidden />}
      </UnstyledButton>
    </Tooltip>
  );
}
