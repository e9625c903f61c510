import { Inject, Injectable } from '@nestjs/common';
import { AppError, type ProjectScope, type RequestContext } from '@sluice/kernel';
import { MOST_NAMED_VARIABLES } from '@sluice/ng-manager-api';
import { NO_STORED_VARIABLES, storedVariablesIn, type StoredVariables } from '@sluice/pipeline-engine';
import { NgManager } from '../run/ng-manager.js';

/** Variables of accounts, organizations and projects: NG manager has them. It is asked at the start of each run that names some. */
@Injectable()
export class StoredVariableValues {
  constructor(@Inject(NgManager) private readonly ngManager: NgManager) {}

  /** Values of what a pipeline names. @throws AppError INVALID_REQUEST for too many names; UPSTREAM_UNAVAILABLE, REQUEST_TIMEOUT when nobody can tell */
  async of(ctx: RequestContext, scope: ProjectScope, yaml: string): Promise<StoredVariables> {
    const names = storedVariablesIn(yaml);
    const count = names.account.length + names.org.length + names.project.length;
    if (count === 0) return NO_STORED_VARIABLES;
    if (count > MOST_NAMED_VARIABLES)
      throw new AppError(
        'INVALID_REQUEST',
        `the pipeline names ${count} variables of its account, organization and project, and ${MOST_NAMED_VARIABLES} at most can be read; write values out`,
      );
    return this.ngManager.variables(ctx, scope, names);
  }
}
