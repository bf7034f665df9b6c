import { createClientConfig } from "./defaults.js";
import { refusing } from "./errors.js";
import { client } from "./generated/client.gen.js";
import { type Client, createClient, createConfig } from "./generated/client/index.js";

type Token = string | undefined;

export interface Configuration {
  /** Where Modplane serves, such as `https://modplane.example`. A browser may leave it out: it is where the page is from. */
  baseUrl?: string;
  /** An access token or an API token, or what answers with the one that is good now. */
  token?: Token | (() => Token | Promise<Token>);
  /** In place of the platform's own. */
  fetch?: typeof globalThis.fetch;
}

/** Says where Modplane is and who asks, for all calls that name no `client` of their own. */
export function configure(configuration: Configuration): void {
  client.setConfig(configOf(configuration));
}

/** A client for calls with another address or token: `getIndustries({ client })`. */
export function createModplaneClient(configuration: Configuration): Client {
  return createClient({ ...createClientConfig(createConfig()), ...configOf(configuration) });
}

function configOf({ baseUrl, token, fetch }: Configuration) {
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(token === undefined ? {} : { auth: typeof token === "function" ? token : () => token }),
    ...(fetch === undefined ? {} : { fetch: refusing(fetch) }),
  };
}
