import { Anchor, List, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type ModuleDetails, activateModule, deactivateModule, operations } from '@modplane/client';
import { getModuleIndustriesOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { useCachedRegistry } from '@/registry/cached-registry.ts';
import { Confirm } from '@/ui/confirm.tsx';
import { notifyDone, notifyProblem } from '@/ui/notify.tsx';

interface Consequences {
  readonly module: ModuleDetails;
  readonly organizations: number;
  readonly preview: string | undefined;
}

interface Wanted {
  readonly module: ModuleDetails;
  readonly active: boolean;
  readonly preview?: string | undefined;
}

const NAMED = 8;

/**
 * Activates and deactivates at once, with Undo. Where a deactivation touches somebody, it first says whom.
 *
 * `module` is as it is now: what is wanted is the other.
 */
export function useSwitching() {
  const m = useMessages();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<Consequences | null>(null);
  const [looking, setLooking] = useState<string | null>(null);
  const cached = useCachedRegistry();
  const change = useMutation({
    mutationFn: ({ module, active, preview }: Wanted) =>
      active
        ? activateModule(module.module_id)
        : deactivateModule(module.module_id, preview === undefined ? {} : { query: { preview } }),
    onMutate: async ({ module, active }) => {
      await cached.hold();
      cached.change(module.module_id, { is_active: active });
    },
    onError: (_error, { module }) => {
      cached.change(module.module_id, { is_active: module.is_active });
    },
    onSuccess: (_answer, { module, active }) => {
      const say = active ? m.modules.activated : m.modules.deactivated;
      notifyDone(say(module.module_name), m, async () => {
        await (active ? deactivateModule : activateModule)(module.module_id);
        await queryClient.invalidateQueries();
      });
    },
  });
  const turn = async (module: ModuleDetails) => {
    if (!module.is_active) {
      change.mutate({ module, active: true });
      return;
    }
    setLooking(module.module_id);
    try {
      const { data } = await operations.deactivateModule({
        path: { module_id: module.module_id },
        query: { dry_run: true },
        throwOnError: true,
      });
      if (!('preview' in data)) return;
      const { organizations, templates } = data.impact ?? {};
      const touches = Number(organizations ?? 0) > 0 || (Array.isArray(templates) && templates.length > 0);
      if (touches) setAsking({ module, organizations: Number(organizations), preview: data.preview });
      else change.mutate({ module, active: false, preview: data.preview });
    } catch (error) {
      notifyProblem(error, m);
    } finally {
      setLooking(null);
    }
  };
  return {
    turn: (module: ModuleDetails) => void turn(module),
    looking,
    dialog: (
      <Confirm
        opened={asking !== null}
        onClose={() => setAsking(null)}
        title={m.modules.deactivateTitle(asking?.module.module_name ?? '')}
        action={m.modules.deactivate}
        onConfirm={() => {
          if (asking) change.mutate({ module: asking.module, active: false, preview: asking.preview });
          return Promise.resolve();
        }}
      >
        {asking && <WhomItConcerns {...asking} />}
      </Confirm>
    ),
  };
}

function WhomItConcerns({ module, organizations }: Consequences) {
  const m = useMessages();
  const { data } = useQuery(
    getModuleIndustriesOptions({ path: { module_id: module.module_id }, query: { limit: 200 } }),
  );
  const active = data?.items.filter((template) => template.is_active) ?? [];
  const requiring = active.filter((template) => template.is_required);
  const optional = active.length - requiring.length;
  return (
    <Stack gap="xs">
      {organizations > 0 && <Text fz="sm">{m.modules.deactivateTenants(organizations)}</Text>}
      {requiring.length > 0 && (
        <div>
          <Text fz="sm">{m.modules.deactivateRequired}</Text>
          <List fz="sm" mt={4}>
            {requiring.slice(0, NAMED).map((template) => (
              <List.Item key={template.industry_code}>
                <Anchor
                  renderRoot={(root) => (
                    <Link to="/super-admin/industries/$code" params={{ code: template.industry_code }} {...root} />
                  )}
                  fz="sm"
                >
                  {template.industry_name}
                </Anchor>
              </List.Item>
            ))}
            {requiring.length > NAMED && <List.Item>{m.modules.andMore(requiring.length - NAMED)}</List.Item>}
          </List>
        </div>
      )}
      {optional > 0 && <Text fz="sm">{m.modules.deactivateOptional(optional)}</Text>}
      <Text fz="sm" c="dimmed">
        {m.modules.deactivateBack}
      </Text>
    </Stack>
  );
}
