import { Alert } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { onReachabilityChange, reachability } from '@/api/reachability.ts';
import { useMessages } from '@/i18n/messages.tsx';

/** Says above every page that what is seen is not up to date, and that nothing can be saved. */
export function ConnectionBanner() {
  const m = useMessages();
  const state = useSyncExternalStore(onReachabilityChange, reachability);
  return (
    <div role="status" className="connection-banner">
      {state !== 'reachable' && (
        <Alert
          role="none"
          color="orange"
          variant="filled"
          icon={<IconPlugConnectedX size={18} aria-hidden />}
          py="xs"
          mb="md"
        >
          {state === 'offline' ? m.common.offlineBanner : m.common.awayBanner}
        </Alert>
      )}
    </div>
  );
}
