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

/**
 * What browsers have in secure contexts alone, or what rests on it. Modplane is used over plain http too, by the name of a
 * host: `src/api/browser.ts` has something in the place of each.
 */
const PLACE = 'Only secure contexts have this: see src/api/browser.ts.';
const NAMES =
  '/^(randomUUID|subtle|clipboard|locks|serviceWorker|storage|credentials|mediaDevices|share|wakeLock|geolocation|caches|PushManager|Notification|showOpenFilePicker|showSaveFilePicker)$/';
const OF_SECURE_CONTEXTS = [
  {
    selector: `MemberExpression[object.name=/^(crypto|navigator|window|globalThis|self)$/][property.name=${NAMES}]`,
    message: PLACE,
  },
  { selector: `MemberExpression[object.property.name=/^(crypto|navigator)$/][property.name=${NAMES}]`, message: PLACE },
  { selector: `VariableDeclarator[init.name=/^(crypto|navigator)$/] Property[key.name=${NAMES}]`, message: PLACE },
  { selector: `NewExpression[callee.name=/^(Notification|BroadcastChannel)$/]`, message: PLACE },
  {
    selector: 'ImportSpecifier[imported.name=/^(useClipboard|CopyButton)$/]',
    message: `${PLACE} Copy by useCopy of src/ui/copying.tsx.`,
  },
];

const ONE_PLACE_FOR_KEYS = {
  selector: 'ImportSpecifier[imported.name="useHotkeys"]',
  message: 'Keys are live or not by one rule: useShortcuts of src/ui/shortcuts.ts.',
};

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
      'no-restricted-syntax': ['error', ...OF_SECURE_CONTEXTS, ONE_PLACE_FOR_KEYS],
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
  { files: ['src/ui/shortcuts.ts'], rules: { 'no-restricted-syntax': ['error', ...OF_SECURE_CONTEXTS] } },
  { files: ['src/ui/icons.ts', 'src/i18n/**'], rules: { 'max-lines': 'off' } },
  { files: ['eslint.config.js', '*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
]);
