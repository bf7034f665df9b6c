/** Options, keys and mutations for TanStack Query, one set for each operation. Errors are `ModplaneError`s. */
export * from "./generated/@tanstack/react-query.gen.js";
