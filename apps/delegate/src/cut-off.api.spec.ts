import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { newId, waitFor } from '@sluice/kernel';
import { bootstrap, type RunningDelegate } from './bootstrap.js';
import { ControlPlane } from './testing/control-plane.js';
import { FakePods, type FakePod } from './testing/fake-pods.js';

/** Longer than a restart of the service takes on a busy machine. */
const LEASE_MS = 240_000;

describe('a delegate whose service is away', () => {
  let control: ControlPlane;
  let pods: FakePods;
  let delegate: RunningDelegate;

  beforeAll(async () => {
    control = await ControlPlane.start({
      DELEGATE_SERVICE_LEASE_MS: String(LEASE_MS),
      DELEGATE_SERVICE_HEARTBEAT_MS: '400',
      DELEGATE_SERVICE_SCAN_MS: '50',
    });
  }, 600_000);
  afterAll(() => control.stop());
  beforeEach(async () => {
    pods = new FakePods();
    delegate = await bootstrap(
      {
        PATH: process.env['PATH'],
        DELEGATE_SERVICE_URL: control.url,
        DELEGATE_TOKEN_FILE: control.tokenFile,
        DELEGATE_DATA_DIR: join(control.folder, newId()),
        DELEGATE_NAME: 'spec',
        LOG_LEVEL: 'silent',
        DELEGATE_DRAIN_MS: '1000',
      },
      { runtime: pods },
    );
    await waitFor(() => delegate.isConnected, { timeoutMs: 120_000, what: 'the delegate to connect' });
  }, 600_000);
  afterEach(() => delegate.close());

  const running = async (): Promise<{ pod: FakePod; stepId: string; taskId: string }> => {
    const [podId, stepId] = [newId(), newId()];
    const logs = { baseUrl: 'http://127.0.0.1:9', accountId: 'A1', token: 't', keyPrefix: 'A1' };
    await control.result(
      await control.submit({
        kind: 'initialise-pod',
        podId,
        sources: [],
        steps: [{ stepExecutionId: stepId, identifier: 'apply', secrets: [], changelogPaths: [] }],
        logs,
        logKey: 'k',
      }),
    );
    const work = {
      kind: 'liquibase.update',
      target: { url: 'jdbc:postgresql://h/d' },
      changelog: { source: 'orders', path: 'changelog.yaml' },
      contexts: '',
      labels: '',
      substituteProperties: {},
    } as const;
    const taskId = await control.submit({
      kind: 'execute-step',
      podId,
      stepExecutionId: stepId,
      logKey: 'k',
      timeoutMs: 600_000,
      work,
    });
    const pod = await waitFor(() => pods.find(podId), { timeoutMs: 120_000, what: 'the pod' });
    await waitFor(() => pod.started.length > 0, { timeoutMs: 120_000, what: 'the step to start' });
    return { pod, stepId, taskId };
  };

  it('works on through a killed and restarted delegate service, and its leases with it', async () => {
    const { pod, stepId, taskId } = await running();
    await control.kill();
    await waitFor(() => !delegate.isConnected, { timeoutMs: 120_000, what: 'the loss to be noticed' });
    await control.up();
    await waitFor(() => delegate.isConnected, { timeoutMs: 120_000, what: 'the delegate to be back' });
    pod.finish(stepId);
    expect(await control.result(taskId)).toMatchObject({ status: 'succeeded' });
  }, 600_000);
});
