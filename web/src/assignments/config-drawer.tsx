import { Drawer, Group, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getOrganizationModuleOptions } from '@modplane/client/react-query';
import { useMessages } from '@/i18n/messages.tsx';
import { ConfigForm } from '@/assignments/config-form.tsx';
import { useDiscardGuard } from '@/ui/discard-guard.tsx';
import { ModuleIcon } from '@/ui/module-icon.tsx';
import { Failed, LoadingRows } from '@/ui/states.tsx';

/** The config of one module of a tenant, to look at and to change. */
export function ConfigDrawer({
  organizationId,
  moduleId,
  organizationName,
  industryOf,
  onClose,
}: {
  organizationId: string;
  moduleId: string;
  organizationName: string;
  industryOf: (code: string) => string;
  onClose: () => void;
}) {
  const m = useMessages();
  const isWide = useMediaQuery('(min-width: 48em)', true);
  const guard = useDiscardGuard(onClose);
  const details = useQuery({
    ...getOrganizationModuleOptions({ path: { organization_id: organizationId, module_id: moduleId } }),
    // What is edited stays as it was opened; whatever happens meanwhile is told when it is saved.
    staleTime: 'static',
    gcTime: 0,
  });
  return (
    <>
      <Drawer
        opened
        onClose={guard.close}
        position="right"
        size={isWide ? 620 : '100%'}
        title={
          <Group gap={10} wrap="nowrap">
            {details.data && <ModuleIcon name={details.data.module_name} metadata={details.data.metadata} />}
            <div>
              <Text fw={600}>{m.assignments.configTitle(details.data?.module_name ?? moduleId)}</Text>
              <Text fz="xs" c="dimmed">
                {organizationName}
              </Text>
            </div>
          </Group>
        }
        closeButtonProps={{ 'aria-label': m.common.close }}
      >
        {details.data ? (
          <ConfigForm
            details={details.data}
            organizationName={organizationName}
            industryOf={industryOf}
            guard={guard}
            onClose={onClose}
          />
        ) : details.error ? (
          <Failed error={details.error} onRetry={() => void details.refetch()} />
        ) : (
          <LoadingRows rows={4} />
        )}
      </Drawer>
      {guard.question}
    </>
  );
}
