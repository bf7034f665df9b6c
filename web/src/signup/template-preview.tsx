import { Badge, Box, Button, Collapse, Group, Text, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { IndustryModule } from '@modplane/client';
import { getIndustryModulesOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import type { Choice } from '@/signup/industry-picker.tsx';
import classes from '@/signup/signup.module.css';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { LoadingRows } from '@/ui/states.tsx';

/** So many are seen before the others are asked for: the account is to be in reach. */
const FEW = 6;

/** The modules of the chosen industry as a signup gives them now: required ones first to see, the others to look at. */
export function TemplatePreview({ choice }: { choice: Choice }) {
  const m = useMessages();
  if (choice === null) return <Text c="dimmed">{m.signup.chooseFirst}</Text>;
  if (choice === 'skip') return <Text c="dimmed">{m.signup.nothingToGet}</Text>;
  return <ModulesOf code={choice.code} />;
}

function ModulesOf({ code }: { code: string }) {
  const m = useMessages();
  const [shownOf, setShownOf] = useState<string | null>(null);
  const modules = useQuery({
    ...getIndustryModulesOptions({ path: { industry_code: code } }),
    placeholderData: keepPreviousData,
  });
  if (modules.isPending) return <LoadingRows rows={4} height={36} />;
  if (modules.isError) return <Text c="dimmed">{m.signup.modulesDown}</Text>;
  const { items, industry_name: name } = modules.data;
  const required = items.filter((item) => item.is_required);
  const all = shownOf === code || required.length <= FEW + 1;
  const optional = items.filter((item) => !item.is_required);
  const given = items.filter((item) => item.state === 'assignable').length;
  return (
    <Box style={{ opacity: modules.isPlaceholderData ? 0.6 : 1 }}>
      <Text fw={500} role="status">
        {m.signup.getsModules(given, name)}
      </Text>
      <ul className={classes.modules}>
        {required.slice(0, all ? required.length : FEW).map((item, place) => (
          <Given key={item.module_id} item={item} hasFocus={shownOf === code && place === FEW} />
        ))}
      </ul>
      {!all && (
        <Button variant="subtle" color="gray" size="compact-md" ml={-8} onClick={() => setShownOf(code)}>
          {m.signup.showAll(required.length)}
        </Button>
      )}
      {optional.length > 0 && <Optional items={optional} opened={required.length === 0} key={code} />}
    </Box>
  );
}

function Optional({ items, opened }: { items: readonly IndustryModule[]; opened: boolean }) {
  const m = useMessages();
  const [shown, setShown] = useState(opened);
  return (
    <Box mt="xs">
      <Button
        variant="subtle"
        color="gray"
        size="compact-md"
        ml={-8}
        leftSection={shown ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        {m.signup.optionalModules(items.length)}
      </Button>
      <Collapse expanded={shown}>
        <Text fz="sm" c="dimmed" mt={4}>
          {m.signup.optionalHint}
        </Text>
        <ul className={classes.modules}>
          {items.map((item) => (
            <Given key={item.module_id} item={item} />
          ))}
        </ul>
      </Collapse>
    </Box>
  );
}

/** `hasFocus`: it came by a button that is no more, and those after it are next to be read. */
function Given({ item, hasFocus = false }: { item: IndustryModule; hasFocus?: boolean }) {
  const m = useMessages();
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (hasFocus) row.current?.focus();
  }, [hasFocus]);
  const name = item.module_name ?? item.module_id;
  return (
    <li ref={row} tabIndex={hasFocus ? -1 : undefined}>
      <ModuleIcon name={name} metadata={{ icon: item.icon, color: item.color }} />
      <Box style={{ flex: 1, minWidth: 0 }}>
        <Group gap={8} justify="space-between" wrap="nowrap" align="flex-start">
          <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
            {name}
          </Text>
          {item.is_required && (
            <Tooltip label={m.signup.requiredHint}>
              <Badge variant="light" color="indigo" radius="sm" tt="none" fw={500} style={{ flexShrink: 0 }}>
                {m.signup.required}
              </Badge>
            </Tooltip>
          )}
        </Group>
        {item.description !== null && item.description !== '' && (
          <Text fz="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {item.description}
          </Text>
        )}
        {item.state !== 'assignable' && (
          <Text fz="sm" c="var(--mantine-color-orange-light-color)">
            {m.signup.leftOut}
          </Text>
        )}
      </Box>
    </li>
  );
}
