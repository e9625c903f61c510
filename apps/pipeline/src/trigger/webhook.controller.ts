import { Controller } from '@nestjs/common';
import { Route } from '@sluice/http';
import { AppError } from '@sluice/kernel';
import {
  receiveCustomEvent,
  receiveCustomEventV2,
  receiveScmEvent,
  receiveTriggerEvent,
  triggerProcessingDetails,
} from '@sluice/pipeline-api';

/** Events from outside. Nothing takes them up yet, and a made-up event id would say otherwise. */
@Controller()
export class WebhookController {
  @Route(receiveScmEvent)
  scm(): never {
    throw notYet();
  }

  @Route(receiveTriggerEvent)
  trigger(): never {
    throw notYet();
  }

  @Route(receiveCustomEvent)
  custom(): never {
    throw notYet();
  }

  @Route(receiveCustomEventV2)
  customByToken(): never {
    throw notYet();
  }

  @Route(triggerProcessingDetails)
  processing(): never {
    throw notYet();
  }
}

function notYet(): AppError {
  return new AppError(
    'NOT_IMPLEMENTED',
    'events from outside do not start pipelines yet; run the pipeline by POST /pipeline/api/pipeline/execute/{pipelineIdentifier}',
  );
}
