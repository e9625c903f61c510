import { nameExports } from '@sluice/api-conventions';
import * as keys from './keys.js';
import * as routes from './routes.js';

/** Shapes are called after their exports in the documented API. Where two modules export the same word, the first has it. */
nameExports(keys, routes);
