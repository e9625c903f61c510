import type { Stack } from '@sluice/local-stack';
import type { Principals } from './principals.js';
import type { World } from './world.js';

/** What the suites of the conformance spec share: one stack, one world, one set of people. */
export interface Suite {
  readonly stack: Stack;
  readonly world: World;
  readonly principals: Principals;
}

/** Routes asked at the same time. */
export const WIDTH = 8;
