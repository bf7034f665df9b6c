// Run by tests/programs/test_typescript_client.py in the workspace, which has TanStack Query.
import assert from "node:assert/strict";
import { test } from "node:test";
import { configure, ModplaneError } from "@modplane/client";
import * as queries from "@modplane/client/react-query";
import { QueryClient } from "@tanstack/react-query";

configure({ baseUrl: process.env.MODPLANE_URL, token: process.env.MODPLANE_TOKEN });
const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });

test("a query is answered, under a key with its tags", async () => {
  const options = queries.getIndustriesOptions();
  const { items } = await cache.fetchQuery(options);
  assert.ok(Array.isArray(items));
  assert.deepEqual(cache.getQueryData(options.queryKey).items, items);
  assert.deepEqual(options.queryKey[0].tags, ["industries"]);
});

test("a list is read page by page", async () => {
  const options = queries.getOrganizationsInfiniteOptions({ query: { limit: 1, sort: "created_at" } });
  const { pages } = await cache.fetchInfiniteQuery({
    ...options,
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    pages: 2,
  });
  assert.equal(pages.length, 2);
  assert.notEqual(pages[0].items[0].organization_id, pages[1].items[0].organization_id);
});

test("queries and mutations fail with the client's errors", async () => {
  const path = { organization_id: crypto.randomUUID() };
  await assert.rejects(cache.fetchQuery(queries.getOrganizationModulesOptions({ path })), (error) => {
    assert.ok(error instanceof ModplaneError);
    assert.equal(error.code, "organization_not_found");
    return true;
  });
  const { mutationFn } = queries.assignModuleMutation();
  await assert.rejects(mutationFn({ path, body: { module_id: "absent" } }), { name: "ModplaneError" });
});
