import type { TailLimits } from './config.js';

/** What controllers need of the configuration. */
export interface ServiceLimits {
  readonly tail: TailLimits;
  readonly publicUrl: string | undefined;
}

export const LIMITS = Symbol('ServiceLimits');
