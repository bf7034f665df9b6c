import type { QueryClient } from '@tanstack/react-query';
import {
  Outlet,
  type RouterHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  redirect,
} from '@tanstack/react-router';
import { personOn, sessionState } from '@/api/token.ts';
import { Crashed, Forbidden, NotFound } from '@/app/error-pages.tsx';
import { page } from '@/app/lazy-page.tsx';
import {
  auditSearch,
  bulkSearch,
  industriesSearch,
  modulesSearch,
  signInSearch,
  signupSearch,
  systemSearch,
  organizationModulesSearch,
  organizationPageSearch,
  organizationsSearch,
  organizationSearch,
  workspaceSearch,
} from '@/app/search.ts';
import { useSession } from '@/session/session.tsx';

interface RouterContext {
  readonly queryClient: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: Crashed,
});

/** Who is not signed in signs in first, and then goes on where he wanted to. */
function requireSession({ location }: { location: { href: string } }): void {
  if (personOn(sessionState()) === null) {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a redirect is thrown, by the router's design
    throw redirect({ to: '/login', search: { next: location.href } });
  }
}

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    const person = personOn(sessionState());
    const to = person === null ? '/login' : person.role === 'super_admin' ? '/super-admin/modules' : '/organization';
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as above
    throw redirect({ to });
  },
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: signInSearch,
  component: page(() => import('@/session/sign-in-page.tsx'), 'SignInPage'),
});

const signup = createRoute({
  getParentRoute: () => root,
  path: '/signup',
  validateSearch: signupSearch,
  component: page(() => import('@/signup/signup-page.tsx'), 'SignupPage'),
});

const organization = createRoute({
  getParentRoute: () => root,
  path: '/organization',
  beforeLoad: requireSession,
  component: Own,
});
const LazyOwnShell = page(() => import('@/app/own-shell.tsx'), 'OwnShell');

function Own() {
  return personOn(useSession()) === null ? null : <LazyOwnShell />;
}

const workspace = createRoute({
  getParentRoute: () => organization,
  path: '/',
  validateSearch: workspaceSearch,
  component: page(() => import('@/app/workspace.tsx'), 'OwnWorkspace'),
});

const superAdmin = createRoute({
  getParentRoute: () => root,
  path: '/super-admin',
  beforeLoad: requireSession,
  component: SuperAdmin,
});
const LazyShell = page(() => import('@/app/shell.tsx'), 'Shell');

function SuperAdmin() {
  const person = personOn(useSession());
  // Signed out: the way to the sign-in has begun, and what is below asks who the person is.
  if (person === null) return null;
  return person.role === 'super_admin' ? <LazyShell /> : <Forbidden />;
}

const superAdminStart = createRoute({
  getParentRoute: () => superAdmin,
  path: '/',
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as above
    throw redirect({ to: '/super-admin/modules' });
  },
});

const modules = createRoute({
  getParentRoute: () => superAdmin,
  path: 'modules',
  validateSearch: modulesSearch,
  component: page(() => import('@/registry/modules-page.tsx'), 'ModulesPage'),
});

const industries = createRoute({
  getParentRoute: () => superAdmin,
  path: 'industries',
  validateSearch: industriesSearch,
  component: page(() => import('@/industries/industries-page.tsx'), 'IndustriesPage'),
});

const industry = createRoute({
  getParentRoute: () => superAdmin,
  path: 'industries/$code',
  validateSearch: organizationSearch,
  component: page(() => import('@/industries/industry-page.tsx'), 'IndustryPage'),
});

const tenants = createRoute({
  getParentRoute: () => superAdmin,
  path: 'tenants',
  validateSearch: organizationsSearch,
  component: page(() => import('@/organizations/organizations-page.tsx'), 'OrganizationsPage'),
});

const tenant = createRoute({
  getParentRoute: () => superAdmin,
  path: 'tenants/$id',
  validateSearch: organizationPageSearch,
  component: page(() => import('@/app/organization.tsx'), 'Tenant'),
});

const organizationModules = createRoute({
  getParentRoute: () => superAdmin,
  path: 'tenants/$id/modules',
  validateSearch: organizationModulesSearch,
  component: page(() => import('@/assignments/organization-modules-page.tsx'), 'OrganizationModulesPage'),
});

const bulk = createRoute({
  getParentRoute: () => superAdmin,
  path: 'bulk/$id',
  validateSearch: bulkSearch,
  component: page(() => import('@/organizations/bulk-page.tsx'), 'BulkPage'),
});

const audit = createRoute({
  getParentRoute: () => superAdmin,
  path: 'audit',
  validateSearch: auditSearch,
  component: page(() => import('@/audit/audit-page.tsx'), 'AuditPage'),
});

const system = createRoute({
  getParentRoute: () => superAdmin,
  path: 'system',
  validateSearch: systemSearch,
  component: page(() => import('@/system/system-page.tsx'), 'SystemPage'),
});

const tree = root.addChildren([
  start,
  login,
  signup,
  organization.addChildren([workspace]),
  superAdmin.addChildren([
    superAdminStart,
    modules,
    industries,
    industry,
    tenants,
    tenant,
    organizationModules,
    bulk,
    audit,
    system,
  ]),
]);

/** Every page is its own chunk; links load theirs when the pointer or the focus comes near. */
export function makeRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    context: { queryClient },
    ...(history && { history }),
    defaultPreload: 'intent',
    scrollRestoration: true,
    search: { strict: true },
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
