// Compiled, never run: what the types promise to whoever uses the package.
import {
  assignModule,
  configure,
  exportEvents,
  followEvents,
  getIndustries,
  ModplaneError,
  operations,
  signup,
  unassignModule,
} from "@modplane/client";
import { assignModuleMutation, getOrganizationModulesOptions } from "@modplane/client/react-query";
import { useMutation, useQuery } from "@tanstack/react-query";

configure({ baseUrl: "https://modplane.example", token: () => undefined });

export async function results(id: string): Promise<string[]> {
  const { organization, modules } = await signup({
    organization_name: "Acme",
    admin_email: "ada@acme.example",
    admin_password: "correct horse battery",
  });
  const { assigned, status } = await assignModule(organization.id, "oven", { degrees: 200, racks: [1, 2] });
  const settled: "applied" | "unchanged" = status;
  const { removed } = await unassignModule(id, "oven", { query: { force: true }, headers: { "If-Match": '"3"' } });
  const { data } = await operations.getOrganizationModules({ path: { organization_id: id } });
  const names: string[] = data.items.map((item) => item.module_name);
  const codes = (await getIndustries({ query: { include_inactive: true } })).items.map((one) => one.industry_code);
  return [...assigned, ...removed, ...(modules.assigned ?? []), ...names, ...codes, settled];
}

export async function mistakes(id: string): Promise<void> {
  // @ts-expect-error The module's id is missing.
  await assignModule(id);
  // @ts-expect-error There is no such parameter.
  await unassignModule(id, "oven", { query: { gently: true } });
  // @ts-expect-error A signup without a password.
  await signup({ organization_name: "Acme", admin_email: "ada@acme.example" });
  // @ts-expect-error An operation that may not be decided yet has no result to read.
  (await operations.assignModule({ path: { organization_id: id }, body: { module_id: "oven" } })).data.assigned;
}

export async function followed(organization_id: string, signal: AbortSignal): Promise<string | undefined> {
  let place: string | undefined;
  const types: string[] = [];
  for await (const event of exportEvents({ organization_id, sort: "position" })) types.push(event.type);
  for await (const event of followEvents({ organization_id, type: types }, { signal })) place = event.position;
  // @ts-expect-error The place goes on from there, and is no part of the question.
  followEvents({ last_event_id: place });
  return place;
}

export function handled(error: unknown): string {
  if (!(error instanceof ModplaneError)) throw error;
  if (error.code === "config_differs") return String(error.problem["link"]);
  return `${error.status} ${error.title}: ${error.errors.map((one) => one.pointer).join()}`;
}

export function useModules(id: string) {
  const query = useQuery(getOrganizationModulesOptions({ path: { organization_id: id } }));
  const mutation = useMutation(assignModuleMutation());
  return { sequence: query.data?.sequence, failure: query.error?.detail ?? mutation.error?.title };
}
