export { type Configuration, configure, createModplaneClient } from "./configuration.js";
export { type Code, ModplaneError, type ProblemBody } from "./errors.js";
export { type EventQuery, exportEvents, followEvents, type Following, type StreamState } from "./events.js";
export { limits } from "./generated/limits.gen.js";
export type { ProblemCode } from "./generated/problem-codes.gen.js";
export * from "./methods.js";
export { outcome } from "./outcome.js";
export { randomId } from "./random-id.js";
/** Every operation of the API by its `operationId`, as the OpenAPI document has it. */
export * as operations from "./generated/sdk.gen.js";
export type { Client } from "./generated/client/index.js";
export type * from "./generated/types.gen.js";
