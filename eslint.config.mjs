/**
 * ESLint checks one thing only: which package may import which, by the tags in each package.json (docs/architecture.md).
 * Everything else is oxlint's (.oxlintrc.json), which takes a second where this takes ten.
 */
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const FRAMEWORKS = [
  '@nestjs/*',
  '@nestjs/**',
  'typeorm',
  'ioredis',
  'pg',
  'undici',
  'ws',
  '@grpc/*',
  '@dbos-inc/*',
  'fastify',
  '@fastify/*',
  'pino',
  'liquibase',
];

const PRODUCT_TYPES = [
  'type:kernel',
  'type:conventions',
  'type:contracts',
  'type:domain',
  'type:platform',
  'type:client',
];
const scopes = ['pipeline', 'dbops', 'delegate', 'edge', 'logs', 'ng', 'scm', 'ui'];

/** `testing` is added for specs only: product code never imports it. */
const depConstraints = (testing) => [
  {
    sourceTag: 'type:kernel',
    onlyDependOnLibsWithTags: ['type:kernel', ...testing],
    bannedExternalImports: [...FRAMEWORKS, 'zod'],
  },
  {
    sourceTag: 'type:conventions',
    onlyDependOnLibsWithTags: ['type:conventions', 'type:kernel', ...testing],
    bannedExternalImports: FRAMEWORKS,
  },
  {
    sourceTag: 'type:contracts',
    onlyDependOnLibsWithTags: ['type:contracts', 'type:conventions', 'type:kernel', ...testing],
    bannedExternalImports: FRAMEWORKS,
  },
  {
    sourceTag: 'type:domain',
    onlyDependOnLibsWithTags: ['type:domain', 'type:contracts', 'type:conventions', 'type:kernel', ...testing],
    bannedExternalImports: FRAMEWORKS,
  },
  {
    sourceTag: 'type:platform',
    onlyDependOnLibsWithTags: ['type:platform', 'type:conventions', 'type:kernel', ...testing],
  },
  // How several apps speak a contract: plumbing that knows the shapes.
  {
    sourceTag: 'type:client',
    onlyDependOnLibsWithTags: [
      'type:client',
      'type:platform',
      'type:contracts',
      'type:conventions',
      'type:kernel',
      ...testing,
    ],
  },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: [...PRODUCT_TYPES, 'type:testing'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: [...PRODUCT_TYPES, ...testing] },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['*'] },
  // What runs in the customer's network reaches us through the delegate protocol and the log service, and owns no tables.
  {
    sourceTag: 'zone:customer',
    notDependOnLibsWithTags: ['zone:control-plane'],
    bannedExternalImports: ['typeorm', 'ioredis', '@dbos-inc/*'],
  },
  { sourceTag: 'runtime:browser', onlyDependOnLibsWithTags: ['runtime:any', 'runtime:browser'] },
  { sourceTag: 'runtime:any', onlyDependOnLibsWithTags: ['runtime:any', ...testing] },
  ...scopes.map((scope) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: [`scope:${scope}`, 'scope:shared'],
  })),
];

const boundaries = (files, ignores, testing) => ({
  files,
  ignores,
  languageOptions: {
    parser: tseslint.parser,
    ecmaVersion: 2023,
    sourceType: 'module',
    parserOptions: { ecmaFeatures: { jsx: true } },
  },
  plugins: { '@nx': nx },
  rules: {
    '@nx/enforce-module-boundaries': [
      'error',
      { enforceBuildableLibDependency: false, allow: [], depConstraints: depConstraints(testing) },
    ],
  },
});

const SPECS = ['**/*.spec.ts', '**/*.spec.tsx', '**/*.test.ts', '**/testing/**/*.ts'];

export default [
  { ignores: ['**/dist/**', '**/node_modules/**', '**/coverage/**', '.nx/**', '.sluice/**'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  boundaries(['apps/**/*.ts', 'apps/**/*.tsx', 'libs/**/*.ts', 'tools/**/*.ts'], SPECS, []),
  boundaries(SPECS, [], ['type:testing']),
];
