import { nameExports } from '@sluice/api-conventions';
import * as git from './git.js';

/** Shapes are called after their exports in the documented API. Where two modules export the same word, the first has it. */
nameExports(git);
