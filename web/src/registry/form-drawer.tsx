import { Drawer, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useBlocker } from '@tanstack/react-router';
import { useCallback, useRef } from 'react';
import type { ModuleDetails } from '@modplane/client';
import { useMessages } from '@/i18n/messages.tsx';
import { ModuleForm } from '@/registry/module-form.tsx';
import { Confirm } from '@/ui/confirm.tsx';

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
  const isDirty = useRef(false);
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty.current,
    enableBeforeUnload: () => isDirty.current,
    withResolver: true,
  });
  const setDirty = useCallback((dirty: boolean) => {
    isDirty.current = dirty;
  }, []);
  const leave = (go: () => void) => {
    isDirty.current = false;
    go();
  };
  return (
    <>
      <Drawer
        opened={opened}
        onClose={onClose}
        position="right"
        size={isNarrow ? '100%' : 880}
        title={<Text fw={600}>{module ? m.modules.editTitle(module.module_name) : m.modules.newTitle}</Text>}
        closeButtonProps={{ 'aria-label': m.common.close }}
        overlayProps={{ backgroundOpacity: 0.25 }}
        closeOnClickOutside={false}
      >
        <ModuleForm
          key={module?.module_id ?? ''}
          modules={modules}
          module={module}
          onDirty={setDirty}
          onDone={(id) => leave(() => onDone(id))}
          onCancel={onClose}
        />
      </Drawer>
      <Confirm
        opened={blocker.status === 'blocked'}
        onClose={() => blocker.reset?.()}
        title={m.modules.discardTitle}
        action={m.modules.discard}
        danger
        onConfirm={() => {
          leave(() => blocker.proceed?.());
          return Promise.resolve();
        }}
      >
        <Text fz="sm">{m.modules.discardHint}</Text>
      </Confirm>
    </>
  );
}
