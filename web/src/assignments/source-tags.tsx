import { Badge, Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { OrganizationModule, Source } from '@modplane/client';
import { useLanguage, useMessages } from '@/i18n/messages.tsx';
import { ActorName, useIndustryNames } from '@/ui/names.tsx';

/** Why a tenant has a module: the templates that gave it, and who assigned it by hand. */
export function SourceTags({
  module,
  organizationId,
  byHandAt,
}: {
  module: OrganizationModule;
  organizationId: string;
  byHandAt: string | undefined;
}) {
  const m = useMessages();
  return (
    <Group gap={6} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label={m.assignments.why}>
      {module.sources.map((source) => (
        <li key={`${source.kind} ${source.industry_code ?? ''}`}>
          <Tag source={source} requiredBy={module.required_by} organizationId={organizationId} at={byHandAt} />
        </li>
      ))}
    </Group>
  );
}

/** "2 Mar"; of another year with the year. */
function dated(at: Date, language: string): string {
  const isThisYear = at.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(at);
}

function Tag({
  source,
  requiredBy,
  organizationId,
  at,
}: {
  source: Source;
  requiredBy: readonly string[];
  organizationId: string;
  at: string | undefined;
}) {
  const m = useMessages();
  const { language } = useLanguage();
  const nameOf = useIndustryNames();
  const code = source.industry_code;
  if (code === null) {
    return (
      <Badge variant="default" tt="none" fw={400} fz="xs" radius="sm">
        {m.assignments.byHand}
        {source.by !== null && (
          <>
            {', '}
            <ActorName id={source.by} organizationId={organizationId} />
          </>
        )}
        {at !== undefined && (
          <>
            {', '}
            <time dateTime={at} title={at}>
              {dated(new Date(at), language)}
            </time>
          </>
        )}
      </Badge>
    );
  }
  const isRequired = requiredBy.includes(code);
  return (
    <Badge
      component={Link}
      to={`/super-admin/industries/${code}`}
      variant="default"
      tt="none"
      fw={400}
      fz="xs"
      radius="sm"
      style={{ cursor: 'pointer' }}
    >
      {m.assignments.template(nameOf(code), source.version ?? 0)}
      {isRequired && (
        <>
          {' · '}
          <strong>{m.assignments.required}</strong>
        </>
      )}
    </Badge>
  );
}
