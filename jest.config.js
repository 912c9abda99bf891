/** Real ES modules: jest runs with --experimental-vm-modules, and SWC only strips types. See test/esm.test.ts. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Other builds of Redrive, which the benchmark makes, are no part of this one.
  modulePathIgnorePatterns: ['<rootDir>/\\.cache/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  maxWorkers: 2,
  // A test waits for what must come; how long that takes on a machine with other work is no fault of the product.
  testTimeout: 180_000,
}
