import { defineRoute } from '@sluice/api-conventions';
import { z } from 'zod';

/** Most entities one document may refer to. */
export const MOST_USES = 1_000;

/** What a pipeline, an input set or a trigger can refer to. */
export const usedKind = z.enum([
  'connector',
  'secret',
  'dbschema',
  'service',
  'environment',
  'infrastructure',
  'variable',
]);
/** Documents of pipeline that refer to other entities. An input set or trigger is named with its pipeline: `deploy/nightly`. */
export const userKind = z.enum(['pipeline', 'inputSet', 'trigger']);

/**
 * Tells what a document of pipeline refers to, so that it is not deleted under it. `add` is sent before the document is stored, `replace` after
 * something was stored or deleted: then nothing else counts. `check` records nothing: it is sent for the input of a run. `add` and `check` refuse services,
 * environments and infrastructures that are not there with INVALID_IDENTIFIER_REF. Of a project there is not, nothing is recorded. Idempotent.
 *
 * Order: `add` begins a turn, and `replace` with a turn counts only while no later one has begun. The caller reads what is stored after its turn began, so that an answer that was
 * held up on its way cannot bring back an older state. It begins another turn when it was overtaken.
 */
export const recordEntityUses = defineRoute({
  id: 'recordEntityUses',
  method: 'POST',
  path: '/ng-manager/internal/entity-uses',
  summary: 'Record what a document refers to',
  style: 'internal',
  access: 'service',
  callers: ['pipeline'],
  body: z.object({
    accountId: z.string().min(1),
    orgId: z.string().min(1),
    projectId: z.string().min(1),
    user: z.object({ kind: userKind, identifier: z.string().min(1).max(512) }),
    mode: z.enum(['add', 'replace', 'check']),
    /** As written in the document: `id`, `org.id`, `account.id`; an infrastructure behind its environment: `account.prod/cluster`. `field`: where, for messages. */
    uses: z
      .array(z.object({ kind: usedKind, ref: z.string().min(1).max(320), field: z.string().max(1024).optional() }))
      .max(MOST_USES),
    /** Of a `replace`: the turn after whose beginning the document was read. Without one it counts in any case. */
    turn: z.uuid().optional(),
  }),
  /** `turn`: of an `add`, the one that it began. `isSuperseded`: a `replace` was not recorded, because a later turn has begun. `warnings`: of a check, what stands in the way of a run of what is named, by field. */
  response: z.object({
    recorded: z.int(),
    turn: z.uuid().optional(),
    isSuperseded: z.literal(true).optional(),
    warnings: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  }),
});
