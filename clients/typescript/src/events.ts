import { ModplaneError } from "./errors.js";
import type { Client } from "./generated/client/index.js";
import { client as configured } from "./generated/client.gen.js";
import type { ExportEventsData, LoggedEvent, StreamEventsData } from "./generated/types.gen.js";

const STREAM: StreamEventsData["url"] = "/api/v1/events/stream";
const EXPORT: ExportEventsData["url"] = "/api/v1/events/export";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Three of Modplane's heartbeats. */
const SILENCE_MS = 45_000;

/**
 * How a stream is; `code` and `detail` say why one ended. `connecting`: nothing is known, because there is no connection
 * yet, or not any more. The others are what Modplane says.
 */
export interface StreamState {
  state: "connecting" | "catching_up" | "live" | "database_away" | "ended" | (string & {});
  code: string | null;
  detail: string | null;
}

/** Which events: what `GET /events/stream` takes. */
export type EventQuery = Omit<NonNullable<StreamEventsData["query"]>, "last_event_id">;

export interface Following {
  /** The `position` of the last event that was dealt with: those after it come first. Without it, only new ones come. */
  after?: string;
  /** Ends the following, quietly. */
  signal?: AbortSignal;
  client?: Client;
  /** Hears how the stream is whenever that changes. */
  onState?: (state: StreamState) => void;
  /** After so long without even a heartbeat the connection counts as lost. */
  silenceMs?: number;
}

/**
 * Events as they happen, each once and in the order of the log, until `signal` aborts or the caller breaks off.
 *
 * A connection that fails, falls silent or ends is made again where it ended, after a pause that grows to half a minute.
 * Throws a `ModplaneError` when Modplane refuses: who asks may not (any more), or the place is none.
 */
export async function* followEvents(
  query: EventQuery = {},
  { after, signal, client, onState, silenceMs = SILENCE_MS }: Following = {},
): AsyncGenerator<LoggedEvent, void, undefined> {
  const pauses = new Pauses();
  let place = after;
  let state = "";
  const tell = (now: StreamState) => {
    if (now.state === state) return;
    state = now.state;
    onState?.(now);
  };
  while (!signal?.aborted) {
    tell({ state: "connecting", code: null, detail: null });
    try {
      const headers: Record<string, string> = place === undefined ? {} : { "Last-Event-ID": place };
      const lines = linesOf(await open(STREAM, { query, headers }, client, signal), silenceMs);
      for await (const { id, event, data } of framesOf(lines)) {
        if (id !== undefined) {
          place = id;
          pauses.reset();
        }
        if (event === "state") tell(JSON.parse(data) as StreamState);
        else if (data) yield JSON.parse(data) as LoggedEvent;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof ModplaneError && mayPass(error))) throw error;
    }
    await pauses.next(signal);
  }
}

/**
 * All events there are, the oldest first unless sorted otherwise, however many: they are read as they are taken.
 *
 * An answer that is broken off throws, and so does an aborted one.
 */
export async function* exportEvents(
  query: NonNullable<ExportEventsData["query"]> = {},
  { signal, client }: Pick<Following, "signal" | "client"> = {},
): AsyncGenerator<LoggedEvent, void, undefined> {
  try {
    const lines = linesOf(await open(EXPORT, { query }, client, signal));
    for await (const line of lines) yield JSON.parse(line) as LoggedEvent;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

async function open(
  url: string,
  asked: { query: Record<string, unknown>; headers?: Record<string, string> },
  client: Client = configured,
  signal: AbortSignal | undefined,
): Promise<Body> {
  const { data } = await client.get({
    ...asked,
    ...(signal && { signal }),
    url,
    parseAs: "stream",
    security: [{ scheme: "bearer", type: "http" }],
  });
  return data as Body;
}

/** Every line that was ended. What a connection takes along in the middle of a line is `unreachable`, as it is itself. */
async function* linesOf(body: Body, silenceMs?: number): AsyncGenerator<string, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), silenceMs).catch((error: unknown) => {
        throw interrupted("The connection was lost.", error);
      });
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest) throw interrupted("The answer ended in the middle of a line.");
  } finally {
    // Whoever breaks off would leave the connection open otherwise. One that failed fails here once more.
    await reader.cancel().catch(() => undefined);
  }
}

async function inTime<Result>(reading: Promise<Result>, silenceMs: number | undefined): Promise<Result> {
  if (silenceMs === undefined) return reading;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came for ${silenceMs} ms.`)), silenceMs);
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(timer);
  }
}

interface Frame {
  id: string | undefined;
  event: string | undefined;
  data: string;
}

/** Server-sent events as Modplane writes them: a field a line, an empty line at the end of each, comments between. */
async function* framesOf(lines: AsyncIterable<string>): AsyncGenerator<Frame, void, undefined> {
  let fields = new Map<string, string>();
  for await (const line of lines) {
    if (line) {
      const colon = line.indexOf(":");
      fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
    } else {
      yield { id: fields.get("id"), event: fields.get("event"), data: fields.get("data") ?? "" };
      fields = new Map();
    }
  }
}

/** Longer and longer, and never the same for all who were cut off at once. */
class Pauses {
  #failures = 0;

  reset(): void {
    this.#failures = 0;
  }

  /** Over early when `signal` aborts. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    const pause = longest * (0.5 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, pause);
      if (signal?.aborted) over();
      else signal?.addEventListener("abort", over);
    });
  }
}

function mayPass({ status }: ModplaneError): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

function interrupted(detail: string, cause?: unknown): ModplaneError {
  const type = "urn:modplane:problem:unreachable";
  return new ModplaneError({ type, title: "Unreachable", status: 0, detail, instance: "" }, { cause });
}
