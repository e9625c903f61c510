import { join } from 'node:path';
import { newId } from '@sluice/kernel';
import { LITE_ENGINE_PORT, POD_PEERS } from '@sluice/runner-rpc';
import type { DelegateConfig } from '../config.js';
import { freeLoopback } from './loopback-address.js';
import { PodAuthority, type IssuedCertificate } from './pod-certificates.js';
import { PodDirectory } from './pod-directory.js';
import { PodProcess } from './pod-process.js';

/** Everything of a pod that does not depend on whose it will be: processes that have loaded all they need, address, certificates, directory. */
export interface ParkedPod {
  readonly address: string;
  readonly directory: PodDirectory;
  readonly authority: PodAuthority;
  readonly engine: PodProcess;
  readonly runner: PodProcess;
  readonly certificates: { readonly delegate: IssuedCertificate; readonly engine: IssuedCertificate; readonly runner: IssuedCertificate };
  readonly preparedAt: number;
}

/** Log files of the processes every pod has, below `log/`. */
export const LOG_NAMES = { engine: 'lite-engine', firstStep: 'step-1' } as const;

type PodsConfig = DelegateConfig['pods'];

/** Prepares a pod for whoever comes. Its processes go on loading after this has resolved; they may be claimed meanwhile. */
export async function preparePod(config: PodsConfig, podsDir: string, takenAddress: (address: string) => boolean): Promise<ParkedPod> {
  const directory = await PodDirectory.create(podsDir, `.parked-${newId()}`);
  const engine = startEngine(config, directory);
  const runner = startRunner(config, directory, LOG_NAMES.firstStep);
  try {
    const address = await freeLoopback(LITE_ENGINE_PORT, takenAddress);
    const processes = [{ role: 'engine' as const, ...engine.identity }, { role: 'step' as const, ...runner.identity }];
    await directory.writeRecord({ podId: null, address, processes });
    const authority = await PodAuthority.create(address);
    const [delegate, engineCertificate, runnerCertificate] = await Promise.all([authority.issue(POD_PEERS.delegate), authority.issue(POD_PEERS.liteEngine), authority.issue(POD_PEERS.stepRunner)]);
    return { address, directory, authority, engine, runner, certificates: { delegate, engine: engineCertificate, runner: runnerCertificate }, preparedAt: Date.now() };
  } catch (cause) {
    await discard({ directory, engine, runner });
    throw cause;
  }
}

export async function discard({ directory, engine, runner }: Pick<ParkedPod, 'directory' | 'engine' | 'runner'>): Promise<void> {
  await Promise.all([engine.stop(0), runner.stop(0)]);
  await directory.remove();
}

export function startRunner(config: PodsConfig, directory: PodDirectory, name: string): PodProcess {
  return PodProcess.start({ what: 'step container', main: config.stepRunnerMain, cwd: directory.path, logFile: directory.logFile(name), environment: environmentOf(config, directory) });
}

function startEngine(config: PodsConfig, directory: PodDirectory): PodProcess {
  return PodProcess.start({ what: 'lite engine', main: config.liteEngineMain, cwd: directory.path, logFile: directory.logFile(LOG_NAMES.engine), environment: environmentOf(config, directory) });
}

/** No home, no variable of the delegate's own: only what a program needs to start. */
function environmentOf(config: PodsConfig, directory: PodDirectory): Readonly<Record<string, string>> {
  return { ...config.environment, HOME: join(directory.path, 'log'), NODE_ENV: 'production' };
}
