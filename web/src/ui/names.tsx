import { Anchor, type AnchorProps, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useSyncExternalStore } from 'react';
import {
  getIndustriesOptions,
  getModuleRegistryOptions,
  getOrganizationOptions,
  getUsersOptions,
} from '@modplane/client/react-query';
import { onSessionChange, personOn, sessionState } from '@/api/token.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';

// Names change rarely: those read once are good for as long as the page is open, whatever happens meanwhile.
const lasting = { staleTime: 'static' } as const;

type Looks = Pick<AnchorProps, 'fz' | 'c' | 'fw'>;

/** The names of modules by id; an id that is not registered (any more) is its own name. */
export function useModuleNames(): (id: string) => string {
  const { data } = useQuery({ ...getModuleRegistryOptions(), ...lasting });
  const names = useMemo(() => new Map(data?.items.map((one) => [one.module_id, one.module_name])), [data]);
  return (id) => names.get(id) ?? id;
}

/** The names of templates by code. */
export function useIndustryNames(): (code: string) => string {
  const { data } = useQuery({ ...getIndustriesOptions({ query: { include_inactive: true } }), ...lasting });
  const names = useMemo(() => new Map(data?.items.map((one) => [one.industry_code, one.industry_name])), [data]);
  return (code) => names.get(code) ?? code;
}

export function ModuleName({ id, ...looks }: { id: string } & Looks) {
  const name = useModuleNames()(id);
  return (
    <Anchor
      renderRoot={(props) => <Link to="/super-admin/modules" search={{ module: id }} {...props} />}
      inherit
      c="inherit"
      fw={500}
      {...looks}
    >
      {name}
    </Anchor>
  );
}

export function IndustryName({ code, ...looks }: { code: string } & Looks) {
  const name = useIndustryNames()(code);
  return (
    <Anchor component={Link} to={`/super-admin/industries/${code}`} inherit c="inherit" fw={500} {...looks}>
      {name}
    </Anchor>
  );
}

export function OrganizationName({ id, ...looks }: { id: string } & Looks) {
  const { data } = useQuery({ ...getOrganizationOptions({ path: { organization_id: id } }), ...lasting, retry: false });
  return (
    <Anchor component={Link} to={`/super-admin/tenants/${id}`} inherit c="inherit" fw={500} {...looks}>
      {data?.name ?? id.slice(0, 8)}
    </Anchor>
  );
}

const ofSystem = (id: string, m: Messages): string | null =>
  id === 'system:seed'
    ? m.events.bySeeds
    : id === 'system:cli'
      ? m.events.byCommandLine
      : id.startsWith('system:')
        ? m.events.byService
        : null;

/** Who did it, by name or e-mail where the service knows them. `organizationId`: where else to look than among super admins. */
export function ActorName({ id, organizationId }: { id: string; organizationId: string | null }) {
  const m = useMessages();
  const reader = personOn(useSyncExternalStore(onSessionChange, sessionState));
  const mine = reader?.userId === id;
  const system = ofSystem(id, m);
  const isAdmin = reader?.role === 'super_admin';
  const asks = !mine && system === null && isAdmin;
  const admins = useQuery({
    ...getUsersOptions({ query: { role: 'super_admin', limit: 200 } }),
    ...lasting,
    enabled: asks,
  });
  const admin = admins.data?.items.find((user) => user.id === id);
  const people = useQuery({
    ...getUsersOptions({ query: { organization_id: organizationId ?? '', limit: 200 } }),
    ...lasting,
    enabled: asks && organizationId !== null && admins.isSuccess && admin === undefined,
  });
  const user = admin ?? people.data?.items.find((one) => one.id === id);
  // Who may not ask for names is told that it was not they themselves.
  const stranger = isAdmin ? id.slice(0, 8) : m.events.somebodyElse;
  const shown = mine ? m.events.you : (system ?? user?.name ?? user?.email ?? stranger);
  return (
    <Text span inherit fw={500} title={mine || system !== null ? undefined : (user?.email ?? id)}>
      {shown}
    </Text>
  );
}
