import { nameExports } from '@sluice/api-conventions';
import * as common from './common.js';
import * as pipelines from './pipelines.js';
import * as filters from './filters.js';
import * as inputSets from './input-sets.js';
import * as execute from './execute.js';
import * as executions from './executions.js';
import * as triggers from './triggers.js';
import * as approvals from './approvals.js';
import * as v1 from './v1.js';

/** Shapes are called after their exports in the documented API. Where two modules export the same word, the first has it. */
nameExports(common, pipelines, inputSets, execute, executions, triggers, approvals, v1, filters);
