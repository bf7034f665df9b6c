import { useQuery } from '@tanstack/react-query';
import { getSignupOptions } from '@modplane/client/react-query';
import { useSession } from '@/session/session.tsx';

/**
 * Whether signing up is closed to whoever looks: super admins may all the same.
 *
 * Until the service has said so it is taken to be open: it refuses by itself.
 */
export function useSignupClosed(): boolean {
  const session = useSession();
  const isSuperAdmin = session.kind === 'signed-in' && session.person.role === 'super_admin';
  const { data } = useQuery({ ...getSignupOptions(), staleTime: 60_000, enabled: !isSuperAdmin });
  return !isSuperAdmin && data?.status === 'closed';
}
