import hooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const CONTEXTS = ['registry', 'industries', 'organizations', 'assignments', 'audit', 'system', 'signup', 'session'];

/** Import flow: ui, api, i18n -> one folder a context -> app. Contexts do not import each other. */
const strangers = CONTEXTS.map((context) => ({
  files: [`src/${context}/**`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: CONTEXTS.filter((other) => other !== context && other !== 'session')
          .map((other) => ({ group: [`@/${other}/*`], message: 'Contexts do not import each other.' }))
          .concat([{ group: ['@/app/*'], message: 'The app imports contexts, not the other way round.' }]),
      },
    ],
  },
}));

export default defineConfig([
  globalIgnores(['dist', 'public', 'test-results', 'playwright-report']),
  tseslint.configs.strictTypeChecked,
  hooks.configs.flat['recommended-latest'],
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.mjs'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['src/{ui,api,i18n}/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            ...CONTEXTS.map((c) => ({ group: [`@/${c}/*`], message: 'ui and api know no context.' })),
            { group: ['@/app/*'], message: 'ui and api do not know the app.' },
          ],
        },
      ],
    },
  },
  ...strangers,
  { files: ['src/ui/icons.ts', 'src/i18n/**'], rules: { 'max-lines': 'off' } },
  { files: ['eslint.config.js', '*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
]);
