import { z } from 'zod';
import type { StepTypeCatalogue } from '../pipeline-model.js';

/** A small catalogue for specs: `Apply` needs a step group, `Note` does not. */
export const testCatalogue: StepTypeCatalogue = {
  names: ['Apply', 'Note'],
  specOf: (type) => ({ Apply: applySpec, Note: noteSpec })[type],
  needsStepGroup: (type) => type === 'Apply',
  capabilities: [],
};

const applySpec = z.strictObject({
  instance: z.string().min(1),
  tag: z.string().optional(),
  count: z.number().int().min(1).optional(),
  delegateSelectors: z.array(z.string()).optional(),
});
const noteSpec = z.strictObject({ text: z.string().optional() });

/** A deterministic id: readable in failures, unique per text. */
export const testId = (text: string): string => `id(${text})`;
