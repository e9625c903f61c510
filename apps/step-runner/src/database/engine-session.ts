import type { EngineConnection } from '@sluice/db-migration';
import type { EngineProcess } from '../engine/engine-process.js';
import type { DatabaseSession } from './database-session.js';

export interface EngineSessionOptions {
  readonly connection: EngineConnection;
  readonly server: string;
  readonly lockOwner: string;
  readonly sessionName: string;
  /** Starts another engine: only Java has the driver of this database. */
  readonly startEngine: () => EngineProcess;
  /** The database's number for the engine's session, once it is known. */
  readonly sessionId: () => string | undefined;
}

/** For MariaDB and MySQL. Cancelling is left to the engine under way, which asks the server over a connection of its own; the rest another engine does. */
export class EngineSession implements DatabaseSession {
  constructor(private readonly options: EngineSessionOptions) {}

  cancelStatement(): Promise<void> {
    return Promise.resolve();
  }

  async terminate(): Promise<void> {
    await this.tidy(this.options.sessionId());
  }

  releaseOwnLock(): Promise<boolean> {
    return this.tidy(undefined);
  }

  private async tidy(session: string | undefined): Promise<boolean> {
    const { connection, server, lockOwner, sessionName } = this.options;
    const engine = this.options.startEngine();
    try {
      const finished = await engine.run(
        { action: 'tidy', ...connection, server, session, sessionName, lockOwner },
        () => undefined,
      );
      if (finished.error) throw new Error(finished.error.message);
      return finished.released ?? false;
    } finally {
      await engine.kill();
    }
  }
}
