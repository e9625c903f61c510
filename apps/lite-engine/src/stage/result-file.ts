import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The result of a step on disk, `<id>.result.json`, once it has ended: a delegate that was restarted reads it there when this process is gone. */
export class ResultFile {
  constructor(
    private readonly directory: string,
    private readonly stepExecutionId: string,
  ) {}

  /** It is there wholly or not at all, also after a power failure. */
  async write(resultJson: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const path = join(this.directory, `${this.stepExecutionId}.result.json`);
    const file = await open(`${path}.part`, 'w', 0o600);
    try {
      await file.writeFile(resultJson);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  }
}
