import { differences } from '@/ui/json-values.ts';

/** The service said that it saved, and answered with something else than was sent. */
export class StoredOtherwise extends Error {
  override readonly name = 'StoredOtherwise';

  constructor(readonly pointers: readonly string[]) {
    super(`Something else was stored at ${pointers.join(', ')}.`);
  }
}

/** Compares what was sent with what the answer says is stored now. An answer that tells nothing of it is believed. */
export function requireStored(sent: unknown, answered: unknown): void {
  if (answered === undefined) return;
  const differing = differences(sent, answered).map(({ pointer }) => pointer || '/');
  if (differing.length > 0) throw new StoredOtherwise(differing);
}
