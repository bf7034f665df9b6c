import { randomId } from '@modplane/client';
import { openChannel } from '@/api/browser.ts';
import { type StreamState, type StreamedEvent, type StreamMessage, readEvents } from '@/api/event-stream.ts';
import { answered } from '@/api/reachability.ts';

export interface Follower {
  readonly onEvent: (event: StreamedEvent) => void;
  /** `isNew`: events may have been missed before; without it only the word changes. */
  readonly onState: (state: StreamState, isNew: boolean) => void;
}

/** Between tabs. `beat`: this tab reads the stream, and how that goes. */
type Said =
  | { readonly kind: 'asks' }
  | { readonly kind: 'leaves' }
  | { readonly kind: 'beat'; readonly rank: string; readonly state: StreamState; readonly isNew: boolean }
  | { readonly kind: 'event'; readonly event: StreamedEvent; readonly place: string | null };

/** So long a tab waits for one that reads, before it reads itself. */
const ANSWER_MS = 300;
const BEAT_MS = 2_000;
/** Three beats. A hidden tab may beat more seldom, and is then relieved of it by one that is seen. */
const MISSED_MS = 6_000;

/**
 * Follows the events of the person `of` until the returned function is called.
 *
 * The tabs of a browser share one connection: one tab reads the stream and tells the others, with a beat now and then. A
 * tab that hears none reads the stream itself; of two that read, one stops. It takes no lock, which a page that is put
 * away could keep, and plain http has none. A page that is put away leaves, and comes back as a new one.
 */
export function followEvents(of: string, follower: Follower): () => void {
  let leave = join(of, follower);
  let isAway = false;
  const away = () => {
    isAway = true;
    leave();
  };
  const back = () => {
    if (!isAway) return;
    isAway = false;
    leave = join(of, follower);
  };
  const listening = new AbortController();
  const { signal } = listening;
  window.addEventListener('pagehide', away, { signal });
  window.addEventListener('pageshow', back, { signal });
  document.addEventListener('freeze', away, { signal });
  document.addEventListener('resume', back, { signal });
  return () => {
    listening.abort();
    leave();
  };
}

function join(of: string, follower: Follower): () => void {
  const id = randomId();
  const channel = openChannel(`modplane-events:${of}`);
  let reading: AbortController | null = null;
  let beating: ReturnType<typeof setInterval> | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let place: string | null = null;
  let state: StreamState = 'connecting';

  const say = (said: Said) => channel?.postMessage(said);
  // Of two that read, the lower goes on: one that is seen, whose timers are on time.
  const rank = () => `${document.hidden ? 1 : 0}${id}`;
  const beat = (isNew = false) => say({ kind: 'beat', rank: rank(), state, isNew });
  const become = (next: StreamState, isNew: boolean) => {
    state = next;
    follower.onState(next, isNew);
  };
  const readUnlessTold = (ms: number) => {
    clearTimeout(waiting);
    waiting = setTimeout(read, ms);
  };
  const take = (message: StreamMessage) => {
    if ('event' in message) {
      place = message.place;
      say({ kind: 'event', ...message });
      follower.onEvent(message.event);
    } else {
      become(message.state, message.isNew);
      beat(message.isNew);
    }
  };
  function read(): void {
    reading = new AbortController();
    const { signal } = reading;
    beat();
    beating = setInterval(beat, BEAT_MS);
    const heed = (message: StreamMessage) => {
      if (!signal.aborted) take(message);
    };
    void readEvents(place, signal, heed, () => {
      answered();
      beat();
    });
  }
  const stopReading = () => {
    reading?.abort();
    reading = null;
    clearInterval(beating);
  };
  const hear = (said: Said) => {
    if (said.kind === 'asks') {
      if (reading !== null) beat();
    } else if (said.kind === 'beat') {
      if (reading !== null) {
        if (said.rank > rank()) {
          beat();
          return;
        }
        stopReading();
      }
      readUnlessTold(MISSED_MS);
      if (said.state === 'live') answered();
      // Who comes to a stream that is under way has missed what came before.
      const isNew = said.isNew || (said.state === 'live' && state !== 'live');
      if (said.state !== state || isNew) become(said.state, isNew);
    } else if (reading === null) {
      // Not all at once when the one that read leaves; those that are seen first.
      readUnlessTold(said.kind === 'event' ? MISSED_MS : Math.random() * 100 + (document.hidden ? 200 : 0));
      if (said.kind === 'event') {
        place = said.place;
        follower.onEvent(said.event);
      }
    }
  };

  become('connecting', false);
  if (channel === null) read();
  else {
    channel.onmessage = ({ data }: MessageEvent<Said>) => hear(data);
    say({ kind: 'asks' });
    readUnlessTold(ANSWER_MS);
  }
  return () => {
    const wasReading = reading !== null;
    stopReading();
    clearTimeout(waiting);
    if (wasReading) say({ kind: 'leaves' });
    channel?.close();
  };
}
