import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import regexp from 'eslint-plugin-regexp'
import { ownMembers } from './eslint-own-members.mjs'

const tests = [
  '**/*.test.ts',
  '**/*.contract.ts',
  '**/*.harness.ts',
  '**/*.fake.ts',
  '**/testing/*.ts',
  'conformance/**/*.ts',
]

export default defineConfig(
  {
    ignores: [
      'node_modules/',
      '.kubelambda/',
      'fixtures/src/',
      'fixtures/build/',
      'runtime-bootstrap/runtimes/',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['api/**/*.ts', 'k8s/**/*.ts', 'runtime-bootstrap/**/*.ts'],
    plugins: { regexp, tables: { rules: { 'own-members': ownMembers } } },
    rules: {
      'tables/own-members': 'error',
      // Texts from outside are matched in linear time.
      'regexp/no-super-linear-backtracking': ['error', { report: 'certain' }],
      'regexp/no-super-linear-move': ['error', { report: 'certain' }],
    },
  },
  {
    // The keys are the names of the model, and maps of requests have no prototype.
    files: ['api/model/**/*.ts'],
    rules: { 'tables/own-members': 'off' },
  },
  {
    files: tests,
    rules: {
      'tables/own-members': 'off',
      'regexp/no-super-linear-backtracking': 'off',
      'regexp/no-super-linear-move': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    // The client's classes are shapes of JSON.
    files: ['k8s/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['api/main.ts', 'bench/**/*.ts', 'conformance/**/*.ts', 'fixtures/*.ts', 'api/model/generate.ts'],
    rules: { 'no-console': 'off' },
  },
)
