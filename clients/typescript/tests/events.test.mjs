// Run by tests/programs/test_typescript_client.py in a project that has nothing but the packed client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createModplaneClient, exportEvents, followEvents, ModplaneError, operations } from "@modplane/client";

const service = createModplaneClient({ baseUrl: process.env.MODPLANE_URL, token: process.env.MODPLANE_TOKEN });

/** A client of a Modplane that gives these answers one after the other, and what it was asked. */
function scripted(...answers) {
  const asked = [];
  const fetch = async (request) => {
    asked.push(request);
    const answer = answers.shift() ?? (() => new Promise(() => undefined));
    return answer(request);
  };
  return { asked, client: createModplaneClient({ baseUrl: "https://modplane.example", token: "a", fetch }) };
}

/** An answer of these chunks, after which it ends, fails or says nothing more. */
const stream =
  (chunks, { then = "end" } = {}) =>
  ({ signal }) => {
    const left = chunks.map((chunk) => (typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk));
    const body = new ReadableStream({
      start: (controller) => signal.addEventListener("abort", () => controller.error(signal.reason)),
      pull(controller) {
        const chunk = left.shift();
        if (chunk) controller.enqueue(chunk);
        else if (then === "end") controller.close();
        else if (then === "fail") controller.error(new Error("reset by peer"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
const problem = (status, code) => () =>
  Response.json(
    { type: `urn:modplane:problem:${code}`, title: "No", status, detail: "No.", instance: "/" },
    { status, headers: { "content-type": "application/problem+json" } },
  );
const event = (number) => `id: ${number}-0\ndata: {"position":"${number}-0","payload":"ä"}\n\n`;
const state = (name, id) => `${id ? `id: ${id}\n` : ""}event: state\ndata: {"state":"${name}"}\n\n`;
const positions = async (events, count) => {
  const found = [];
  for await (const { position } of events) {
    found.push(position);
    if (found.length === count) break;
  }
  return found;
};
/** As `AbortSignal.timeout`, which by itself keeps no process going. */
const abortedAfter = (ms) => {
  const ending = new AbortController();
  setTimeout(() => ending.abort(new RangeError("over")), ms);
  return ending.signal;
};
const places = (asked) => asked.map((request) => request.headers.get("last-event-id"));

test("events come once each, whether a connection ends, fails or was refused for a while", async () => {
  const { asked, client } = scripted(
    stream(["retry: 2000\n\n", state("live", "1-0"), event(2)]),
    problem(503, "database_unavailable"),
    () => Promise.reject(new TypeError("fetch failed")),
    stream([event(3), event(4).slice(0, -1)], { then: "fail" }),
    stream([": \n\n", event(4), "id: 9-0\n\n"], { then: "fail" }),
    stream([event(10)]),
  );
  const states = [];
  const found = await positions(followEvents({}, { client, onState: ({ state: name }) => states.push(name) }), 4);
  assert.deepEqual(found, ["2-0", "3-0", "4-0", "10-0"]);
  assert.deepEqual(places(asked), [null, "2-0", "2-0", "2-0", "3-0", "9-0"]);
  assert.deepEqual(states, ["connecting", "live", "connecting"]);
});

test("neither states nor heartbeats are events, and chunks may break anywhere", async () => {
  const bytes = new TextEncoder().encode(event(1) + ": \n\n" + state("live", "1-0") + event(2));
  const { client } = scripted(stream(Array.from(bytes, (byte) => Uint8Array.of(byte))));
  assert.deepEqual(await positions(followEvents({}, { client }), 2), ["1-0", "2-0"]);
});

test("it begins after the place that was given, asking for what was asked", async () => {
  const { asked, client } = scripted(stream([event(6)]));
  await positions(followEvents({ type: ["a", "b"] }, { client, after: "5-0" }), 1);
  const [{ url, headers }] = asked;
  assert.equal(url, "https://modplane.example/api/v1/events/stream?type=a&type=b");
  assert.equal(headers.get("last-event-id"), "5-0");
  assert.equal(headers.get("authorization"), "Bearer a");
});

for (const [status, code] of [
  [400, "place_unknown"],
  [401, "token_expired"],
  [403, "organization_is_suspended"],
]) {
  test(`${code} is thrown, after whatever came before it`, async () => {
    const { asked, client } = scripted(stream([event(1), state("ended")]), problem(status, code));
    const found = [];
    const following = async () => {
      for await (const one of followEvents({}, { client })) found.push(one.position);
    };
    await assert.rejects(following, (error) => error instanceof ModplaneError && error.code === code);
    assert.deepEqual(found, ["1-0"]);
    assert.equal(asked.length, 2);
  });
}

test("a connection that falls silent is made again", async () => {
  const { asked, client } = scripted(stream([event(1)], { then: "silence" }), stream([event(2)]));
  assert.deepEqual(await positions(followEvents({}, { client, silenceMs: 50 }), 2), ["1-0", "2-0"]);
  assert.deepEqual(places(asked), [null, "1-0"]);
});

test("it ends when it is aborted: while it waits for an event, for an answer, or for the next attempt", async () => {
  const ways = [[stream([event(1)], { then: "silence" })], [], Array.from({ length: 20 }, () => problem(503, "away"))];
  for (const answers of ways) {
    const { client } = scripted(
      ...answers,
      ({ signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
    );
    const signal = abortedAfter(300);
    const found = await positions(followEvents({}, { client, signal }));
    assert.ok(signal.aborted);
    assert.ok(found.length <= 1);
  }
  assert.deepEqual(await positions(followEvents({}, { signal: AbortSignal.abort() })), []);
});

test("what is thrown while an event is dealt with is thrown on, and the connection ends", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(event(1))),
    cancel: () => void (cancelled = true),
  });
  const { asked, client } = scripted(() => new Response(body));
  const failing = async () => {
    for await (const _ of followEvents({}, { client })) throw new RangeError("mine");
  };
  await assert.rejects(failing, RangeError);
  assert.ok(cancelled);
  assert.equal(asked.length, 1);
});

test("an export gives every event there is", async () => {
  const page = (await operations.getEvents({ client: service, query: { limit: 5, sort: "position" } })).data.items;
  const expected = page.map(({ position }) => position);
  assert.ok(expected.length > 0);
  assert.deepEqual(await positions(exportEvents({}, { client: service }), expected.length), expected);
});

test("an export throws where it is broken off or aborted", async () => {
  const line = (number) => `{"position":"${number}-0"}\n`;
  assert.deepEqual(await positions(exportEvents({}, { client: scripted(stream([line(1) + line(2)])).client })), [
    "1-0",
    "2-0",
  ]);
  for (const answer of [stream([line(1)], { then: "fail" }), stream([line(1), line(2).slice(0, 9)])]) {
    const reading = positions(exportEvents({}, { client: scripted(answer).client }));
    await assert.rejects(reading, (error) => error instanceof ModplaneError && error.code === "unreachable");
  }
  const { client } = scripted(stream([line(1)], { then: "silence" }));
  await assert.rejects(positions(exportEvents({}, { client, signal: abortedAfter(50) })), {
    name: "RangeError",
  });
});
