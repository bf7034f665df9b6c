import { Drawer, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { ModuleDetails } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { ModuleForm } from '@/registry/module-form.tsx';
import { useDiscardGuard } from '@/ui/discard-guard.tsx';

/** The form beside the list, or over all of a narrow page. Leaving it with something unsaved asks first. */
export function FormDrawer({
  opened,
  modules,
  module,
  onDone,
  onClose,
}: {
  opened: boolean;
  modules: readonly ModuleDetails[];
  /** Null: a new one. */
  module: ModuleDetails | null;
  onDone: (moduleId: string) => void;
  onClose: () => void;
}) {
  const m = useMessages();
  const isNarrow = useMediaQuery('(max-width: 56.25em)');
  const guard = useDiscardGuard(onClose);
  return (
    <>
      <Drawer
        opened={opened}
        onClose={guard.close}
        position="right"
        size={isNarrow ? '100%' : 880}
        title={<Text fw={600}>{module ? m.modules.editTitle(module.module_name) : m.modules.newTitle}</Text>}
        closeButtonProps={{ 'aria-label': m.common.close }}
        overlayProps={{ backgroundOpacity: 0.25 }}
      >
        <ModuleForm
          key={module?.module_id ?? ''}
          modules={modules}
          module={module}
          onDirty={guard.setDirty}
          onDone={(id) => guard.leave(() => onDone(id))}
          onCancel={guard.close}
        />
      </Drawer>
      {guard.question}
    </>
  );
}
