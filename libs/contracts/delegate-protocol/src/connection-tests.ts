import { z } from 'zod';
import { secretSlot } from './step-work.js';

/** Proves that a database answers with these credentials (connector test, and pre-flight checks). */
export const testJdbcTask = z.object({
  kind: z.literal('test-jdbc'),
  url: z.string(),
  username: z.string().optional(),
  secrets: z.array(secretSlot),
  /** The user name is the value of this slot; wins over `username`. */
  usernameSlot: z.string().optional(),
  passwordSlot: z.string().optional(),
});

/** A user name that is plain or the value of a slot, and the slot of its password. */
const login = {
  username: z.string().optional(),
  usernameSlot: z.string().optional(),
  passwordSlot: z.string().optional(),
};

const kubernetesAuth = z.discriminatedUnion('type', [
  z.object({ type: z.literal('basic'), ...login }),
  z.object({ type: z.literal('token'), tokenSlot: z.string() }),
  z.object({
    type: z.literal('certificate'),
    certificateSlot: z.string(),
    keySlot: z.string(),
    passphraseSlot: z.string().optional(),
  }),
  z.object({
    type: z.literal('openId'),
    issuerUrl: z.string(),
    clientIdSlot: z.string(),
    clientSecretSlot: z.string().optional(),
    scopes: z.string().optional(),
    ...login,
  }),
]);

/** A service that is asked over HTTP. Slots name entries of the task's `secrets`. */
const serviceTarget = z.discriminatedUnion('type', [
  /** Without `manual` the delegate's own identity inside its cluster is used. */
  z.object({
    type: z.literal('kubernetes'),
    manual: z.object({ url: z.string(), auth: kubernetesAuth, caCertSlot: z.string().optional() }).optional(),
  }),
  z.object({ type: z.literal('docker-registry'), url: z.string(), ...login }),
  z.object({
    type: z.literal('vault'),
    url: z.string(),
    namespace: z.string().optional(),
    auth: z.discriminatedUnion('type', [
      z.object({ type: z.literal('token'), tokenSlot: z.string() }),
      z.object({ type: z.literal('appRole'), roleId: z.string(), secretIdSlot: z.string() }),
    ]),
  }),
]);
export type ServiceTarget = z.infer<typeof serviceTarget>;

/** Proves that a cluster, a registry or a Vault answers with these credentials. */
export const testServiceTask = z.object({
  kind: z.literal('test-service'),
  target: serviceTarget,
  secrets: z.array(secretSlot),
});

export type TestJdbcTask = z.infer<typeof testJdbcTask>;
export type TestServiceTask = z.infer<typeof testServiceTask>;
