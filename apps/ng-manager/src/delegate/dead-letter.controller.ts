import { Controller } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { listDeadLetters, redriveDeadLetter } from '@sluice/ng-manager-api';
import { DeadLetterService } from './dead-letter.service.js';

@Controller()
export class DeadLetterController {
  constructor(private readonly deadLetters: DeadLetterService) {}

  @Route(listDeadLetters)
  list(@Call() { ctx, query }: RouteCall<typeof listDeadLetters>): Promise<RouteResult<typeof listDeadLetters>> {
    return this.deadLetters.list(ctx, query.pageIndex, query.pageSize);
  }

  @Route(redriveDeadLetter)
  async redrive(@Call() { ctx, params }: RouteCall<typeof redriveDeadLetter>): Promise<boolean> {
    await this.deadLetters.redrive(ctx, params.id);
    return true;
  }
}
