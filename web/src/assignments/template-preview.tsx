import { Alert, Badge, Box, Group, Paper, Stack, Text } from '@mantine/core';
import { IconArrowsExchange, IconEqual, IconMinus, IconPlus, IconPlayerSkipForward } from '@tabler/icons-react';
import { useMessages } from '@/i18n/messages.tsx';
import type { Fate, DryRun } from '@/assignments/dry-run.ts';

const GROUPS = [
  { fate: 'added', color: 'teal', Icon: IconPlus },
  { fate: 'removed', color: 'red', Icon: IconMinus },
  { fate: 'sources', color: 'indigo', Icon: IconArrowsExchange },
  { fate: 'skipped', color: 'orange', Icon: IconPlayerSkipForward },
  { fate: 'unchanged', color: 'gray', Icon: IconEqual },
] as const;

/** What applying a template would do, in groups; only those that hold something. */
export function TemplatePreview({ dryRun, nameOf }: { dryRun: DryRun; nameOf: (id: string) => string }) {
  const m = useMessages();
  const of = (fate: Fate) => [...dryRun.fates].filter(([, one]) => one === fate).map(([id]) => id);
  const hint = (fate: Fate) =>
    fate === 'sources' ? m.assignments.sourcesHint : fate === 'removed' ? m.assignments.removedHint : null;
  return (
    <Stack gap="xs" component="section" aria-label={m.assignments.preview}>
      {!dryRun.changes && <Alert color="gray">{m.assignments.nothingToDo}</Alert>}
      {GROUPS.map(({ fate, color, Icon }) => {
        const ids = of(fate);
        if (ids.length === 0) return null;
        return (
          <Paper key={fate} p="sm" component="section" aria-label={m.assignments.groups[fate]}>
            <Group gap="sm" wrap="nowrap" align="flex-start">
              <Box c={`var(--mantine-color-${color}-light-color)`} pt={2}>
                <Icon size={16} aria-hidden />
              </Box>
              <div style={{ minWidth: 0 }}>
                <Text fz="sm" fw={600} c={`var(--mantine-color-${color}-light-color)`}>
                  {m.assignments.groups[fate]} · {ids.length}
                </Text>
                {hint(fate) !== null && (
                  <Text fz="xs" c="dimmed">
                    {hint(fate)}
                  </Text>
                )}
                <Group gap={6} mt={6}>
                  {ids.map((id) => (
                    <Badge key={id} variant="default" tt="none" fw={400} fz="xs" radius="sm">
                      {nameOf(id)}
                      {dryRun.reasons.has(id) &&
                        ` · ${m.assignments.skippedBecause[dryRun.reasons.get(id) ?? 'module_unknown']}`}
                    </Badge>
                  ))}
                </Group>
              </div>
            </Group>
          </Paper>
        );
      })}
      {dryRun.discarded.length > 0 && (
        <Alert color="yellow">{m.assignments.willBeDiscarded(dryRun.discarded.map(nameOf).join(', '))}</Alert>
      )}
      {dryRun.setsIndustry && (
        <Text fz="sm" c="dimmed">
          {m.assignments.setsIndustry}
        </Text>
      )}
    </Stack>
  );
}
