import { refusing } from "./errors.js";
import type { CreateClientConfig } from "./generated/client.gen.js";

/** What every client has from the beginning; the generated code asks for it by this name. */
export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  throwOnError: true,
  // Looked up at each call: tests and instrumentation replace it.
  fetch: refusing((input, init) => globalThis.fetch(input, init)),
});
