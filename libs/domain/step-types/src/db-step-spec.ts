import { dbIdentifier, entityRef } from '@sluice/api-conventions';
import { z } from 'zod';
import { liquibaseSettings } from './liquibase-settings.js';

/** Fields every DB step takes (api-contract 6.3). `capabilities.ts` says which of them have an effect. */
export const dbStepFields = {
  connectorRef: entityRef.optional(),
  dbSchema: dbIdentifier,
  dbInstance: dbIdentifier,
  image: z.string().min(1).optional(),
  imagePullPolicy: z.enum(['Always', 'Never', 'IfNotPresent']).optional(),
  delegateSelectors: z.array(z.string().min(1)).optional(),
  envVariables: z.record(z.string(), z.string()).optional(),
  privileged: z.boolean().optional(),
  runAsUser: z.number().int().optional(),
  reuse: z.string().optional(),
  resources: z.unknown().optional(),
  globalSettings: liquibaseSettings.optional(),
  migrationType: z.enum(['Liquibase', 'Flyway']).optional(),
} as const;
