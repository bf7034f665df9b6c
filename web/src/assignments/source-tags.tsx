import { Badge, Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { OrganizationModule, Source } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { ActorName, useIndustryNames } from '@/ui/names.tsx';

/** Why a tenant has a module: the templates that gave it, and who assigned it by hand. */
export function SourceTags({ module, organizationId }: { module: OrganizationModule; organizationId: string }) {
  const m = useMessages();
  return (
    <Group gap={6} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label={m.assignments.why}>
      {module.sources.map((source) => (
        <li key={`${source.kind} ${source.industry_code ?? ''}`}>
          <Tag source={source} requiredBy={module.required_by} organizationId={organizationId} />
        </li>
      ))}
    </Group>
  );
}

function Tag({
  source,
  requiredBy,
  organizationId,
}: {
  source: Source;
  requiredBy: readonly string[];
  organizationId: string;
}) {
  const m = useMessages();
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
