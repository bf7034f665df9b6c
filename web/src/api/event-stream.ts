import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import { onReachabilityChange, reachability } from '@/api/reachability.ts';
import { fetchSignedIn } from '@/api/token.ts';

/** An event of the log, as far as the UI follows it. */
export interface StreamedEvent {
  readonly event_id: string;
  readonly type: string;
  readonly organization_id: string | null;
  readonly module_id: string | null;
}

/** `connecting`: nothing is known yet. `live`: the service said that from now on everything comes. */
export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'offline';

/** What a stream tells: an event with its place in the log, or how it is. `isNew`: something may have been missed before. */
export type StreamMessage =
  | { readonly event: StreamedEvent; readonly place: string | null }
  | { readonly state: StreamState; readonly isNew: boolean };

const PATH = '/api/v1/events/stream';
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** The server says something at least every 15 s; silence for longer than this is a dead connection. */
const SILENCE_MS = 40_000;

const OF_SERVER: Readonly<Record<string, StreamState>> = {
  catching_up: 'connecting',
  live: 'live',
  database_away: 'reconnecting',
  ended: 'reconnecting',
};

/** Reads the event stream until `signal` aborts, resuming after `lastEventId`. `onSound`: something came, if only a sign of life. */
export async function readEvents(
  lastEventId: string | null,
  signal: AbortSignal,
  tell: (message: StreamMessage) => void,
  onSound: () => void,
): Promise<void> {
  let place = lastEventId;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const message of messages(place, signal, onSound)) {
        pause = FIRST_PAUSE_MS;
        if (message.id) place = message.id;
        if (message.event === 'state') {
          const { state } = JSON.parse(message.data) as { state: string };
          tell({ state: OF_SERVER[state] ?? 'connecting', isNew: state === 'live' });
        } else if (message.data) tell({ event: JSON.parse(message.data) as StreamedEvent, place });
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
  onSound: () => void,
): AsyncGenerator<EventSourceMessage> {
  const silence = new AbortController();
  const stop = () => silence.abort();
  let timer = setTimeout(stop, SILENCE_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, SILENCE_MS);
    onSound();
  };
  // A connection through a network that has gone away would only fall silent.
  window.addEventListener('offline', stop);
  try {
    const headers = new Headers({ Accept: 'text/event-stream' });
    if (lastEventId !== null) headers.set('Last-Event-ID', lastEventId);
    const answer = await fetchSignedIn(PATH, { headers, signal: AbortSignal.any([signal, silence.signal]) });
    if (!answer.ok || answer.body === null) throw new Error(`The event stream answered ${answer.status}.`);
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
    window.removeEventListener('offline', stop);
  }
}

/** Over early when the service answers something else, or the network is back: then it is time for another attempt. */
function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      stopListening();
      signal.removeEventListener('abort', over);
      resolve();
    };
    const stopListening = onReachabilityChange(() => {
      if (reachability() === 'reachable') over();
    });
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
