import { Text } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import type { LoggedEvent } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { type EventFacts, factsOf } from '@/ui/event-facts.ts';
import { ActorName, IndustryName, ModuleName, OrganizationName, useModuleNames } from '@/ui/names.tsx';

const NAMED = 3;

/** A text with `{names}` in it, each replaced by what stands for it. */
export function Filled({ text, parts }: { text: string; parts: Readonly<Record<string, ReactNode>> }) {
  return text
    .split(/(\{\w+\})/)
    .map((piece, place) => (
      <Fragment key={place}>{piece.startsWith('{') ? (parts[piece.slice(1, -1)] ?? '') : piece}</Fragment>
    ));
}

/** Three names at most; of more their number. */
function Modules({ ids }: { ids: readonly string[] }) {
  const m = useMessages();
  const nameOf = useModuleNames();
  if (ids.length > NAMED) {
    return (
      <Text span inherit fw={500} title={ids.map(nameOf).join(', ')}>
        {m.common.modules(ids.length)}
      </Text>
    );
  }
  return ids.map((id, place) => (
    <Fragment key={id}>
      {place > 0 && ', '}
      <ModuleName id={id} />
    </Fragment>
  ));
}

const variantOf = (type: string, facts: EventFacts): string => {
  if (type === 'tenant.organization.registered' && facts.industryCode !== null) return `${type}:as`;
  if (type === 'tenant.industry.updated' && facts.fields.includes('version')) return `${type}:version`;
  if (type === 'tenant.module.bulk_assigned' && facts.industryCode !== null) return `${type}:template`;
  return type;
};

const shortened = (names: readonly string[]) =>
  names.length > NAMED + 1 ? `${names.slice(0, NAMED).join(', ')} +${names.length - NAMED}` : names.join(', ');

/** One event as a sentence: who did what to whom. Its time stands beside it. */
export function EventSentence({ event }: { event: LoggedEvent }) {
  const { events } = useMessages();
  const facts = factsOf(event);
  const sentences: Readonly<Record<string, string>> = events.sentences;
  const text = sentences[variantOf(event.type, facts)] ?? events.unknownType;
  const { counts } = facts;
  const letters: Readonly<Record<string, string>> = events.letters;
  const parts = {
    who: <ActorName id={event.user_id} organizationId={event.organization_id} />,
    module: facts.moduleId && <ModuleName id={facts.moduleId} />,
    modules: <Modules ids={facts.moduleIds} />,
    industry: facts.industryCode && <IndustryName code={facts.industryCode} />,
    tenant: facts.organizationId && <OrganizationName id={facts.organizationId} />,
    user: <ActorName id={facts.userId} organizationId={event.organization_id} />,
    version: facts.version,
    fields: shortened(facts.fields.map((field) => field.replaceAll('_', ' '))),
    name: facts.name,
    type: event.type,
    letter: letters[facts.letterKind] ?? facts.letterKind,
    outcome: events.outcome(counts.added.length, counts.unchanged.length, counts.skipped.length, counts.removed.length),
  };
  return <Filled text={text} parts={parts} />;
}
