import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "../../schemas/openapi.json",
  output: { path: "src/generated", importFileExtension: ".js" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true, runtimeConfigPath: "../defaults.js" },
    { name: "@hey-api/typescript", enums: "javascript" },
    "@hey-api/sdk",
    { name: "@tanstack/react-query", queryKeys: { tags: true } },
  ],
});
