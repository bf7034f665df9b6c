/**
 * A random UUID, for an `Idempotency-Key` say. Pages over plain http can make one too: browsers keep `crypto.randomUUID`
 * for secure contexts, and `crypto.getRandomValues` for nobody.
 */
export function randomId(): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(16)), hexadecimal).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Two digits of each byte. Two bytes say that this is version 4, variant 1 (RFC 9562). */
function hexadecimal(random: number, place: number): string {
  const byte = place === 6 ? (random & 0x0f) | 0x40 : place === 8 ? (random & 0x3f) | 0x80 : random;
  return byte.toString(16).padStart(2, "0");
}
