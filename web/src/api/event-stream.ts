import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { fetchSignedIn } from '@/api/token.ts';

/** An event of the log, as far as the UI follows it. */
export interface StreamedEvent {
  readonly event_id: string;
  readonly type: string;
  readonly organization_id: string | null;
  readonly module_id: string | null;
}

export type StreamState = 'live' | 'reconnecting' | 'offline';

interface Follower {
  readonly onEvent: (event: StreamedEvent) => void;
  /** `isNew`: the stream was (re)opened; without it only the word changes. */
  readonly onState: (state: StreamState, isNew: boolean) => void;
}

type Message = { readonly event: StreamedEvent } | { readonly state: StreamState; readonly isNew: boolean };

const PATH = '/api/v1/events/stream';
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** The server says something at least every 15 s; silence for longer than this is a dead connection. */
const SILENCE_MS = 40_000;

/**
 * Follows the event stream until the returned function is called. It resumes where it was by `Last-Event-ID`.
 *
 * All tabs of a browser share one stream: the tab that holds the lock reads it and tells the others.
 */
export function followEvents(follower: Follower): () => void {
  const stop = new AbortController();
  const channel = new BroadcastChannel('modplane-events');
  const take = (message: Message) => {
    if ('event' in message) follower.onEvent(message.event);
    else follower.onState(message.state, message.isNew);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => take(data);
  const tell = (message: Message) => {
    if (stop.signal.aborted) return;
    take(message);
    channel.postMessage(message);
  };
  const read = () => readForEver(tell, stop.signal);
  if ('locks' in navigator) {
    void navigator.locks.request('modplane-events', { signal: stop.signal }, read).catch(() => undefined);
    follower.onState('live', false);
  } else {
    void read();
  }
  return () => {
    stop.abort();
    channel.close();
  };
}

async function readForEver(tell: (message: Message) => void, signal: AbortSignal): Promise<void> {
  let lastEventId: string | null = null;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const message of messages(lastEventId, signal, () => tell({ state: 'live', isNew: true }))) {
        pause = FIRST_PAUSE_MS;
        if (message.id) lastEventId = message.id;
        if (message.event !== 'state' && message.data) tell({ event: JSON.parse(message.data) as StreamedEvent });
      }
    } catch {
      // Whatever ended it, the next attempt resumes after the last event.
    }
    tell({ state: navigator.onLine ? 'reconnecting' : 'offline', isNew: false });
    await waited(pause * (0.75 + Math.random() / 2), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function* messages(
  lastEventId: string | null,
  signal: AbortSignal,
  onOpen: () => void,
): AsyncGenerator<EventSourceMessage> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    const headers = new Headers({ Accept: 'text/event-stream' });
    if (lastEventId !== null) headers.set('Last-Event-ID', lastEventId);
    const answer = await fetchSignedIn(PATH, { headers, signal: AbortSignal.any([signal, silence.signal]) });
    if (!answer.ok || answer.body === null) throw new Error(`The event stream answered ${answer.status}.`);
    onOpen();
    const parsed = answer.body
      .pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            heard();
            controller.enqueue(chunk);
          },
        }),
      )
      .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream());
    const reader = parsed.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
  }
}

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
