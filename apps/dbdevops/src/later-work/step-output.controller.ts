import { Controller } from '@nestjs/common';
import {
  atDbdevops,
  failureInterrupt,
  flywayCustomOperations,
  flywayFailureInterrupt,
  flywayPluginOutputResponse,
  flywayStepPluginInputs,
  pluginOutputResponse,
} from '@sluice/dbdevops-api';
import { Route } from '@sluice/http';
import { FLYWAY_INSTEAD, FLYWAY_RUNS, notServed } from './not-served.js';

/** Addresses of step plugins that Sluice's own runner does not use. */
@Controller()
export class StepOutputController {
  @Route(atDbdevops(pluginOutputResponse))
  output(): never {
    throw notServed('compressed step output is', 'send a report in the plain form, to /v1/step/plugin-response');
  }

  @Route(atDbdevops(flywayPluginOutputResponse))
  flywayOutput(): never {
    throw notServed('compressed step output is', 'send a report in the plain form, to /v1/step/plugin-response');
  }

  @Route(atDbdevops(failureInterrupt))
  interrupt(): never {
    throw notServed('interrupting by a step plugin is', 'abort the execution');
  }

  @Route(atDbdevops(flywayFailureInterrupt))
  flywayInterrupt(): never {
    throw notServed('interrupting by a step plugin is', 'abort the execution');
  }

  @Route(atDbdevops(flywayStepPluginInputs))
  flywayInputs(): never {
    throw notServed(FLYWAY_RUNS, FLYWAY_INSTEAD);
  }

  @Route(atDbdevops(flywayCustomOperations))
  flywayOperations(): never {
    throw notServed(FLYWAY_RUNS, FLYWAY_INSTEAD);
  }
}
