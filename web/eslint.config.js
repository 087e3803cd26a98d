import { readdirSync } from 'node:fs'
import js from '@eslint/js'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

// The layers of src/, lowest first. A layer may import itself and those before it.
const layers = ['format', 'ui', 'api', 'sync', 'records', 'work']

// Every other folder is a noun of the trade (or the shell around them). A noun may use another
// noun's queries and picker, and nothing else of it.
const folders = readdirSync(new URL('./src', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'test')
  .map((entry) => entry.name)
const nouns = folders.filter((name) => !layers.includes(name) && name !== 'shell')

const boundary = (folder, forbidden, message) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: ['../*'], message: 'Import from another folder by its name: @/folder/file.' },
          ...(forbidden.length > 0 ? [{ group: forbidden, message }] : []),
        ],
      },
    ],
  },
})

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.app.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['src/sw.js', 'public/*.js', '*.config.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['self', 'caches', 'fetch', 'URL', 'Response', 'matchMedia', 'localStorage', 'document', 'addEventListener', 'setTimeout'].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['vite.config.ts'],
    extends: [...tseslint.configs.recommended],
  },
  ...layers.map((layer, i) =>
    boundary(
      layer,
      folders.filter((name) => name !== layer && !layers.slice(0, i).includes(name)).map((name) => `@/${name}/*`),
      `src/${layer} is below this folder; it may import ${layers.slice(0, i).join(', ') || 'no other folder'}.`,
    ),
  ),
  ...nouns.map((noun) =>
    boundary(
      noun,
      nouns
        .filter((other) => other !== noun)
        .flatMap((other) => [`@/${other}/*`, `!@/${other}/queries`, `!@/${other}/picker`]),
      "Of another noun only its queries and its picker may be used.",
    ),
  ),
)
