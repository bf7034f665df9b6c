/**
 * What an application does most, one function each. The last argument takes whatever else the operation does: `query`,
 * `headers` (`Idempotency-Key`, `If-Match`), `signal`, `client`. Writes answer with their outcome, however long it takes.
 * All of the API is in `operations`.
 */
import * as operations from "./generated/sdk.gen.js";
import type * as types from "./generated/types.gen.js";
import { outcome } from "./outcome.js";

interface Data {
  body?: unknown;
  path?: unknown;
  query?: unknown;
  headers?: unknown;
  url: string;
}

/** What is left of an operation's options when its body and the ids of its path are arguments. */
type Rest<T extends Data> = Omit<operations.Options<T, true>, "body" | "path" | "url" | "throwOnError">;

async function answer<T>(call: Promise<{ data: T }>): Promise<T> {
  return (await call).data;
}

/** All registered modules, inactive ones too. */
export function getModuleRegistry(rest?: Rest<types.GetModuleRegistryData>) {
  return answer(operations.getModuleRegistry({ ...rest }));
}

export function registerModule(moduleData: types.ModuleToRegister, rest?: Rest<types.RegisterModuleData>) {
  return outcome(rest, (headers) => operations.registerModule({ ...rest, headers, body: moduleData }));
}

export function updateModule(moduleId: string, moduleData: types.ModuleChanges, rest?: Rest<types.UpdateModuleData>) {
  return outcome(rest, (headers) =>
    operations.updateModule({ ...rest, headers, path: { module_id: moduleId }, body: moduleData }),
  );
}

/** Refused while an organization or an active template has the module. */
export function deleteModule(moduleId: string, rest?: Rest<types.DeleteModuleData>) {
  return outcome(rest, (headers) => operations.deleteModule({ ...rest, headers, path: { module_id: moduleId } }));
}

export function activateModule(moduleId: string, rest?: Rest<types.ActivateModuleData>) {
  return outcome(rest, (headers) => operations.activateModule({ ...rest, headers, path: { module_id: moduleId } }));
}

/** Organizations keep the module; it has no effect until it is activated again. */
export function deactivateModule(moduleId: string, rest?: Rest<types.DeactivateModuleData>) {
  return outcome(rest, (headers) => operations.deactivateModule({ ...rest, headers, path: { module_id: moduleId } }));
}

/** Without a `config`, the one from an earlier assignment comes back. */
export function assignModule(
  orgId: string,
  moduleId: string,
  config?: types.ModuleToAssign["config"],
  rest?: Rest<types.AssignModuleData>,
) {
  const body = { module_id: moduleId, ...(config === undefined ? {} : { config }) };
  return outcome(rest, (headers) =>
    operations.assignModule({ ...rest, headers, path: { organization_id: orgId }, body }),
  );
}

/** Its config is kept for a later assignment. `{ query: { force: true } }` overrules templates that require it. */
export function unassignModule(orgId: string, moduleId: string, rest?: Rest<types.UnassignModuleData>) {
  return outcome(rest, (headers) =>
    operations.unassignModule({ ...rest, headers, path: { organization_id: orgId, module_id: moduleId } }),
  );
}

/** All or none. With an `industryCode`, as part of that template. */
export function bulkAssignModules(
  orgId: string,
  moduleIds: string[],
  industryCode?: string,
  rest?: Rest<types.BulkAssignModulesData>,
) {
  const body = { module_ids: moduleIds, ...(industryCode === undefined ? {} : { industry_code: industryCode }) };
  return outcome(rest, (headers) =>
    operations.bulkAssignModules({ ...rest, headers, path: { organization_id: orgId }, body }),
  );
}

/** Adds the template's modules to what is there. */
export function applyIndustryTemplate(
  orgId: string,
  industryCode: string,
  rest?: Rest<types.ApplyIndustryTemplateData>,
) {
  const body = { industry_code: industryCode };
  return outcome(rest, (headers) =>
    operations.applyIndustryTemplate({ ...rest, headers, path: { organization_id: orgId }, body }),
  );
}

/** The active industries. */
export function getIndustries(rest?: Rest<types.GetIndustriesData>) {
  return answer(operations.getIndustries({ ...rest }));
}

/** The modules of an industry, each with whether it can be assigned. */
export function getIndustryModules(industryCode: string, rest?: Rest<types.GetIndustryModulesData>) {
  return answer(operations.getIndustryModules({ ...rest, path: { industry_code: industryCode } }));
}

export function createIndustry(industryData: types.IndustryToCreate, rest?: Rest<types.CreateIndustryData>) {
  return outcome(rest, (headers) => operations.createIndustry({ ...rest, headers, body: industryData }));
}

/** A changed list of modules is published as the next version; organizations keep theirs. */
export function updateIndustry(
  code: string,
  industryData: types.IndustryChanges,
  rest?: Rest<types.UpdateIndustryData>,
) {
  return outcome(rest, (headers) =>
    operations.updateIndustry({ ...rest, headers, path: { industry_code: code }, body: industryData }),
  );
}

/** Organizations keep what the template gave them. */
export function deleteIndustry(code: string, rest?: Rest<types.DeleteIndustryData>) {
  return outcome(rest, (headers) => operations.deleteIndustry({ ...rest, headers, path: { industry_code: code } }));
}

/** Signs an organization up with its first admin; with an `industry_code`, it gets that industry's modules. */
export function signup(signupData: types.SignupRequest, rest?: Rest<types.SignUpData>) {
  return outcome(rest, (headers) => operations.signUp({ ...rest, headers, body: signupData }));
}
