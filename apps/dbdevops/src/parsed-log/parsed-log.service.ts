import { Inject, Injectable } from '@nestjs/common';
import { AppError, newId, systemClock, type ProjectScope } from '@sluice/kernel';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DbInstanceService } from '../db-instance/db-instance.service.js';
import { readLogOutcome } from './parse-log.js';
import type { ParsedLog } from './parsed-log.repository.js';

/** Reads what a migration tool printed, and remembers the outcome; the text itself is not kept. */
@Injectable()
export class ParsedLogService {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(DbInstanceService) private readonly instances: DbInstanceService,
  ) {}

  /** @throws AppError INVALID_REQUEST when the text is not the output of a Liquibase command */
  async parse(scope: ProjectScope, schema: string, instanceIdentifier: string, text: string): Promise<ParsedLog> {
    const { instance } = await this.instances.find(scope, schema, instanceIdentifier);
    const outcome = readLogOutcome(text);
    if (!outcome)
      throw new AppError(
        'INVALID_REQUEST',
        'no Liquibase command can be made out in the log; send the whole output of one command as text/plain',
      );
    const log = { id: newId(), success: outcome.isSuccess, command: outcome.command };
    await this.work.read.parsedLogs.insert(scope, instance.id, log, systemClock.now());
    return log;
  }

  async get(scope: ProjectScope, schema: string, instanceIdentifier: string, id: string): Promise<ParsedLog> {
    const { instance } = await this.instances.find(scope, schema, instanceIdentifier);
    const log = await this.work.read.parsedLogs.find(scope, instance.id, id);
    if (!log)
      throw new AppError(
        'RESOURCE_NOT_FOUND',
        `log with id [${id}] does not exist on instance [${instanceIdentifier}]`,
      );
    return log;
  }
}
