import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compressed } from './compressed.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), compressed()],
  resolve: {
    alias: [
      // Only a function for tests of @rjsf/core needs it, and it would compile by `eval`.
      { find: /^@rjsf\/validator-ajv8$/, replacement: here('./src/ui/schema-validator.ts') },
      { find: /^@\//, replacement: `${here('./src')}/` },
      { find: /^@modplane\/client$/, replacement: here('../clients/typescript/src/index.ts') },
      { find: /^@modplane\/client\/react-query$/, replacement: here('../clients/typescript/src/react-query.ts') },
    ],
    dedupe: ['react', 'react-dom', '@tanstack/react-query'],
  },
  build: { target: 'es2023', sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/schema', '/health'].map((path) => [
        path,
        { target: process.env['MODPLANE_API'] ?? 'http://127.0.0.1:8000', changeOrigin: false },
      ]),
    ),
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    css: false,
    testTimeout: 60_000,
    // A window and modules for each file cost more than its tests: a thread keeps them, and setup.ts cleans up.
    pool: 'threads',
    isolate: false,
    // They import without endings, and what is named otherwise above.
    server: { deps: { inline: [/@rjsf/] } },
  },
});
