import { GrpcClient, clientCredentials } from '@sluice/grpc';
import { newId } from '@sluice/kernel';
import {
  LITE_ENGINE_PORT,
  LITE_ENGINE_SERVICE,
  POD_PEERS,
  PROCESS_STATES,
  type LiteEngineIdentity,
  type LiteEngineMethods,
  type StepRunnerIdentity,
} from '@sluice/runner-rpc';
import type { DelegateConfig } from '../config.js';
import { freeLoopback } from './loopback-address.js';
import { PodAuthority } from './pod-certificates.js';
import { PodDirectory } from './pod-directory.js';
import { PodProcess } from './pod-process.js';

/**
 * A pod before it is anybody's: its processes have loaded all they need, listen on their own address with their own certificates, and know their
 * directory. All that is left when somebody needs it is to say whose stage it is.
 */
export interface ParkedPod {
  /** Its name inside: of its directory, and to its engine. */
  readonly id: string;
  readonly address: string;
  readonly directory: PodDirectory;
  readonly authority: PodAuthority;
  readonly engine: PodProcess;
  readonly runner: PodProcess;
  readonly client: GrpcClient<LiteEngineMethods>;
  /** Settles when the engine answers. The step container may still be starting: the engine waits for it. @throws AppError naming what does not work */
  readonly listening: Promise<void>;
  readonly preparedAt: number;
}

type PodsConfig = DelegateConfig['pods'];

const CONNECT_MS = 10_000;
/** The step container ends its change engine, a process group of its own, and then itself. */
const RUNNER_GRACE_MS = 2_000;

/** Prepares a pod for whoever comes. Its processes go on starting after this has resolved; it may be taken meanwhile. */
export async function preparePod(
  config: PodsConfig,
  podsDir: string,
  takenAddress: (address: string) => boolean,
): Promise<ParkedPod> {
  const id = newId();
  const directory = await PodDirectory.create(podsDir, id);
  const engine = startProcess(config, directory, {
    what: 'lite engine',
    main: config.liteEngineMain,
    log: 'lite-engine',
  });
  const runner = startRunner(config, directory, 0);
  try {
    const address = await freeLoopback(LITE_ENGINE_PORT, takenAddress);
    await directory.writeRecord({
      podId: null,
      address,
      processes: [
        { role: 'engine', ...engine.identity },
        { role: 'step', ...runner.identity },
      ],
    });
    const authority = await PodAuthority.create(address);
    const [delegateCertificate, engineTls] = await Promise.all([
      authority.issue(POD_PEERS.delegate),
      authority
        .issue(POD_PEERS.liteEngine)
        .then((issued) => directory.writeTls(POD_PEERS.liteEngine, authority.pem, issued)),
      identifyRunner(runner, { authority, directory, address }, 0),
    ]);
    engine.identify({
      listen: `${address}:${LITE_ENGINE_PORT}`,
      tls: engineTls,
      podId: id,
      podDir: directory.path,
    } satisfies LiteEngineIdentity);
    // The delegate's own key is never written down.
    const tls = {
      ca: Buffer.from(authority.pem),
      cert: Buffer.from(delegateCertificate.cert),
      key: Buffer.from(delegateCertificate.key),
    };
    const client = new GrpcClient<LiteEngineMethods>(
      LITE_ENGINE_SERVICE,
      `${address}:${LITE_ENGINE_PORT}`,
      clientCredentials(tls, POD_PEERS.liteEngine),
    );
    const listening = engine.printed(PROCESS_STATES.listening).then(() => reach(client, engine));
    listening.catch(() => undefined);
    return { id, address, directory, authority, engine, runner, client, listening, preparedAt: Date.now() };
  } catch (cause) {
    await Promise.all([engine.stop(0), runner.stop(RUNNER_GRACE_MS)]);
    await directory.remove();
    throw cause;
  }
}

/** Connects, for as long as the engine lives. */
async function reach(client: GrpcClient<LiteEngineMethods>, engine: PodProcess): Promise<void> {
  for (;;) {
    try {
      return await client.waitUntilReady(CONNECT_MS);
    } catch (cause) {
      if (engine.death !== undefined) throw cause;
    }
  }
}

/** Ends a pod nobody has used. */
export async function discard({ directory, engine, runner, client }: ParkedPod): Promise<void> {
  client.close();
  await Promise.all([engine.stop(0), runner.stop(RUNNER_GRACE_MS)]);
  await directory.remove();
}

/** The step container number `index`, counted from 0. */
export function startRunner(config: PodsConfig, directory: PodDirectory, index: number): PodProcess {
  return startProcess(config, directory, {
    what: 'step container',
    main: config.stepRunnerMain,
    log: `step-${index + 1}`,
  });
}

/** Tells a step container where to listen, with a certificate of its own. */
export async function identifyRunner(
  runner: PodProcess,
  { authority, directory, address }: Pick<ParkedPod, 'authority' | 'directory' | 'address'>,
  index: number,
): Promise<void> {
  const tls = await directory.writeTls(
    `${POD_PEERS.stepRunner}-${index + 1}`,
    authority.pem,
    await authority.issue(POD_PEERS.stepRunner),
  );
  runner.identify({ listen: containerAddress(address, index), tls } satisfies StepRunnerIdentity);
}

export function containerAddress(address: string, index: number): string {
  return `${address}:${LITE_ENGINE_PORT + 1 + index}`;
}

/** No home, no variable of the delegate's own: only what a program needs to start. */
function startProcess(
  config: PodsConfig,
  directory: PodDirectory,
  { what, main, log }: { what: string; main: string; log: string },
): PodProcess {
  const environment = { ...config.environment, HOME: directory.path, NODE_ENV: 'production' };
  return PodProcess.start({ what, main, cwd: directory.path, logFile: directory.logFile(log), environment });
}
