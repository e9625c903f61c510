/**
 * One Jest set-up for the workspace: real ES modules, SWC, sources of workspace packages instead of their dist.
 * Narrow it with paths: `node tools/jest.mjs libs/kernel`, or to what needs nothing running: `--layer pure`.
 */
const layer = process.env.SLUICE_TEST_LAYER;

export default {
  rootDir: '.',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['<rootDir>/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(layer === 'pure' ? ['\\.(db|api|e2e)\\.spec\\.ts$'] : [])],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.nx', '<rootDir>/.sluice'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@sluice/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
  // There to end a broken test: what a test waits for has deadlines of its own, and a slow machine must not reach this one.
  testTimeout: 300_000,
};
