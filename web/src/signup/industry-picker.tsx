import { Alert, Button, Group, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { limits, type IndustryDetails, type IndustryList } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import classes from '@/signup/signup.module.css';
import { bestFirst, searchedIndustry } from '@/ui/search-rank.ts';
import { LoadingRows, useSlow } from '@/ui/states.tsx';

/** Null: none chosen yet; `skip`: none wanted. */
export type Choice = { readonly code: string } | 'skip' | null;

/** From how many industries on they can be searched. */
const MANY = 8;
const LONG_MS = 4_000;

/** Which industry, by pointer or arrow keys: native radio buttons, drawn as cards. */
export function IndustryPicker({
  industries,
  choice,
  onChoose,
  error,
}: {
  industries: UseQueryResult<IndustryList, unknown>;
  choice: Choice;
  onChoose: (choice: Choice) => void;
  error: string | null;
}) {
  const m = useMessages();
  const [q, setQ] = useState('');
  const items = industries.data?.items;
  const chosen = choice === null || choice === 'skip' ? null : choice.code;
  const found = items && bestFirst(items, q, searchedIndustry);
  const shown = found && [...found, ...items.filter((one) => one.industry_code === chosen && !found.includes(one))];
  return (
    <fieldset className={classes.fieldset} aria-labelledby="step-industry" aria-describedby="industry-error">
      {items !== undefined && items.length > MANY && (
        <TextInput
          type="search"
          mb="sm"
          aria-label={m.signup.findIndustry}
          placeholder={m.signup.findIndustry}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={q}
          maxLength={limits.query.q}
          onChange={(event) => setQ(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') event.preventDefault();
          }}
        />
      )}
      {industries.isPending && <Waiting />}
      {industries.isError && items === undefined && <Down onRetry={() => void industries.refetch()} />}
      {shown !== undefined && (
        <div className={classes.choices}>
          {shown.map((industry) => (
            <IndustryCard
              key={industry.industry_code}
              industry={industry}
              checked={industry.industry_code === chosen}
              onChoose={() => onChoose({ code: industry.industry_code })}
            />
          ))}
        </div>
      )}
      {items?.length === 0 && <Text c="dimmed">{m.signup.noIndustries}</Text>}
      {items !== undefined && items.length > 0 && shown?.length === 0 && (
        <Text c="dimmed">{m.signup.noIndustryMatches(q)}</Text>
      )}
      <label className={`${classes.choice} ${classes.skip}`}>
        <Text fw={500}>{m.signup.skip}</Text>
        <Text fz="sm" c="dimmed">
          {m.signup.skipHint}
        </Text>
        <input type="radio" name="industry" checked={choice === 'skip'} onChange={() => onChoose('skip')} />
      </label>
      <Text id="industry-error" c="var(--mantine-color-error)" fz="sm" mt={error === null ? 0 : 6} role="alert">
        {error}
      </Text>
    </fieldset>
  );
}

function IndustryCard({
  industry,
  checked,
  onChoose,
}: {
  industry: IndustryDetails;
  checked: boolean;
  onChoose: () => void;
}) {
  const m = useMessages();
  return (
    <label className={classes.choice}>
      <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
        {industry.industry_name}
      </Text>
      {industry.description !== '' && (
        <Text fz="sm" c="dimmed" lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
          {industry.description}
        </Text>
      )}
      <Text fz="xs" c="dimmed" mt={2}>
        {industry.applicable ? m.signup.modulesOf(industry.module_count) : m.signup.notApplicable}
      </Text>
      <input type="radio" name="industry" checked={checked} disabled={!industry.applicable} onChange={onChoose} />
    </label>
  );
}

function Waiting() {
  const m = useMessages();
  const long = useSlow(LONG_MS);
  return (
    <>
      <LoadingRows rows={4} height={64} />
      <Text fz="sm" c="dimmed" role="status" mt={4}>
        {long ? m.signup.slow : null}
      </Text>
    </>
  );
}

function Down({ onRetry }: { onRetry: () => void }) {
  const m = useMessages();
  return (
    <Alert color="orange" title={m.signup.industriesDown} role="alert">
      <Group justify="space-between">
        <Text fz="sm">{m.signup.industriesDownHint}</Text>
        <Button size="compact-sm" variant="default" onClick={onRetry}>
          {m.common.retry}
        </Button>
      </Group>
    </Alert>
  );
}
