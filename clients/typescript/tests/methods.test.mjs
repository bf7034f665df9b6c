// Run by tests/programs/test_typescript_client.py in a project that has nothing but the packed client.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import * as client from "@modplane/client";

const { configure, createModplaneClient, ModplaneError, operations } = client;
const PLAN = [
  "getModuleRegistry",
  "registerModule",
  "updateModule",
  "deleteModule",
  "activateModule",
  "deactivateModule",
  "assignModule",
  "unassignModule",
  "bulkAssignModules",
  "applyIndustryTemplate",
  "getIndustries",
  "getIndustryModules",
  "createIndustry",
  "updateIndustry",
  "deleteIndustry",
  "signup",
];
const called = new Set();
const modplane = new Proxy(client, {
  get(methods, name) {
    called.add(name);
    return methods[name];
  },
});

const baseUrl = process.env.MODPLANE_URL;
configure({ baseUrl, token: () => Promise.resolve(process.env.MODPLANE_TOKEN) });

const name = (prefix) => `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
const [oven, scales, bakery] = [name("oven"), name("scales"), name("bakery")];
const described = (module_id) => ({
  module_id,
  module_name: "A module",
  category: "Kitchen",
  service_name: "kitchen",
  api_endpoint: "/kitchen",
  version: "1.0",
});
const newcomer = (fields) => ({
  organization_name: "Bread & Co",
  admin_email: `${randomUUID()}@bread.example`,
  admin_password: "correct horse battery",
  ...fields,
});

/** The error of a call, which must be one of ours. */
async function refusal(call) {
  const error = await call.then(
    () => assert.fail("It was not refused."),
    (thrown) => thrown,
  );
  assert.ok(error instanceof ModplaneError && error instanceof Error, String(error));
  return error;
}

async function modulesOf(organization_id) {
  const { data } = await operations.getOrganizationModules({ path: { organization_id } });
  return Object.fromEntries(data.items.map((item) => [item.module_id, item]));
}

test("modules are registered, changed, taken out of effect and back", async () => {
  for (const module_id of [oven, scales]) {
    assert.equal((await modplane.registerModule(described(module_id))).status, "applied");
  }
  assert.equal((await modplane.updateModule(oven, { version: "1.1" })).version, "1.1");
  assert.equal((await modplane.deactivateModule(oven)).is_active, false);
  assert.equal((await modplane.activateModule(oven)).is_active, true);
  const { items } = await modplane.getModuleRegistry();
  assert.equal(items.find((module) => module.module_id === oven).version, "1.1");
});

test("industries are created, changed and shown", async () => {
  const modules = [{ module_id: oven, is_required: true }];
  const industry = { industry_code: bakery, industry_name: bakery, description: "", modules };
  assert.equal((await modplane.createIndustry(industry)).version, 1);
  const changed = await modplane.updateIndustry(bakery, {
    modules: [...modules, { module_id: scales, is_required: false }],
  });
  assert.equal(changed.version, 2);
  assert.ok((await modplane.getIndustries()).items.some((one) => one.industry_code === bakery));
  const { items } = await modplane.getIndustryModules(bakery);
  assert.deepEqual(
    items.map((module) => [module.module_id, module.is_required, module.state]),
    [
      [oven, true, "assignable"],
      [scales, false, "assignable"],
    ],
  );
});

test("organizations sign up and are given modules", async () => {
  const member = await modplane.signup(newcomer({ industry_code: bakery }));
  assert.deepEqual(member.modules.assigned, [oven, scales]);

  const id = (await modplane.signup(newcomer())).organization.id;
  assert.deepEqual((await modplane.assignModule(id, oven, { degrees: 200 })).assigned, [oven]);
  assert.equal((await modplane.assignModule(id, oven)).status, "unchanged");
  assert.deepEqual((await modplane.bulkAssignModules(id, [oven, scales])).assigned, [scales]);
  assert.equal((await modplane.bulkAssignModules(id, [scales], bakery)).status, "applied");
  assert.equal((await modplane.applyIndustryTemplate(id, bakery)).version, 2);
  assert.equal((await refusal(modplane.unassignModule(id, oven))).code, "module_required");
  assert.deepEqual((await modplane.unassignModule(id, oven, { query: { force: true } })).removed, [oven]);
  assert.deepEqual(Object.keys(await modulesOf(id)), [scales]);
  await modplane.assignModule(id, oven);
  assert.deepEqual((await modulesOf(id))[oven].own_config, { degrees: 200 });
});

test("a write that is repeated under its key has one effect", async () => {
  const headers = { "Idempotency-Key": randomUUID() };
  const body = newcomer();
  const [first, again] = [await modplane.signup(body, { headers }), await modplane.signup(body, { headers })];
  assert.deepEqual(again, first);
  const other = await refusal(modplane.signup({ ...body, organization_name: "Others" }, { headers }));
  assert.deepEqual([other.status, other.code], [422, "idempotency_key_reused"]);
});

test("a write that is not decided yet is waited for", async () => {
  const answers = [];
  const hurried = createModplaneClient({
    baseUrl,
    token: process.env.MODPLANE_TOKEN,
    fetch: async (request) => {
      if (answers.length === 0) request.headers.set("Prefer", "respond-async");
      const response = await fetch(request);
      answers.push([response.status, request.headers.get("Idempotency-Key")]);
      return response;
    },
  });
  const { organization, modules } = await modplane.signup(newcomer({ industry_code: bakery }), { client: hurried });
  assert.deepEqual(modules.assigned, [oven, scales]);
  assert.equal(Object.keys(await modulesOf(organization.id)).length, 2);
  assert.equal(answers[0][0], 202);
  assert.equal(answers.at(-1)[0], 201);
  assert.equal(new Set(answers.map(([, key]) => key)).size, 1);
});

test("refusals say what they are, to programs and to people", async () => {
  const id = (await modplane.signup(newcomer())).organization.id;
  await modplane.assignModule(id, oven, { degrees: 200 });
  const differs = await refusal(modplane.assignModule(id, oven, { degrees: 180 }));
  assert.deepEqual([differs.status, differs.code, differs.title], [409, "config_differs", "Conflict"]);
  assert.equal(differs.problem.link, `/api/v1/organizations/${id}/modules/${oven}`);
  assert.match(differs.message, /PATCH/);

  const unknown = await refusal(modplane.bulkAssignModules(id, [oven, name("absent")]));
  assert.equal(unknown.status, 422);
  assert.deepEqual(
    unknown.errors.map((error) => error.pointer),
    ["/module_ids/1"],
  );
  assert.equal((await refusal(modplane.registerModule({ ...described(name("m")), colour: "red" }))).status, 400);
  assert.equal((await refusal(modplane.getIndustryModules(name("absent")))).status, 404);
  const stale = await refusal(modplane.unassignModule(id, oven, { headers: { "If-Match": '"99"' } }));
  assert.deepEqual([stale.status, stale.code], [412, "precondition_failed"]);
});

test("a client of its own asks as somebody else, or elsewhere", async () => {
  const nobody = createModplaneClient({ baseUrl });
  assert.ok((await modplane.getIndustries({ client: nobody })).items.length > 0);
  const refused = await refusal(modplane.getModuleRegistry({ client: nobody }));
  assert.equal(refused.status, 401);

  const nowhere = createModplaneClient({ baseUrl: "http://127.0.0.1:9" });
  const unreachable = await refusal(modplane.getIndustries({ client: nowhere }));
  assert.deepEqual([unreachable.status, unreachable.code], [0, "unreachable"]);

  const broken = createModplaneClient({
    baseUrl,
    fetch: async () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
  });
  const gateway = await refusal(modplane.getIndustries({ client: broken }));
  assert.deepEqual([gateway.status, gateway.detail], [502, "<h1>Bad gateway</h1>"]);
});

test("an aborted call says that it was aborted", async () => {
  await assert.rejects(modplane.getIndustries({ signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("a super admin is shown more where nobody has to sign in", async () => {
  await modplane.updateIndustry(bakery, { is_active: false });
  const shown = async (rest) => (await modplane.getIndustries(rest)).items.map((industry) => industry.industry_code);
  assert.ok(!(await shown()).includes(bakery));
  assert.ok((await shown({ query: { include_inactive: true } })).includes(bakery));
  await modplane.updateIndustry(bakery, { is_active: true });
});

test("what is used no more is deleted", async () => {
  const used = await refusal(modplane.deleteModule(oven));
  assert.equal(used.status, 409);
  assert.equal((await modplane.deleteIndustry(bakery)).organizations, 3);
  const unused = name("unused");
  await modplane.registerModule(described(unused));
  assert.equal((await modplane.deleteModule(unused)).status, "applied");
});

test("every method of the plan was called", () => {
  assert.deepEqual(
    PLAN.filter((method) => !called.has(method)),
    [],
  );
});
