import { Controller } from '@nestjs/common';
import {
  atDbdevops, failureInterrupt, flywayCustomOperations, flywayFailureInterrupt, flywayPluginOutputResponse, flywayStepPluginInputs, pluginOutputResponse,
} from '@sluice/dbdevops-api';
import { Route } from '@sluice/http';
import { notServed } from './not-served.js';

/** Addresses of step plugins that Sluice's own runner does not use. */
@Controller()
export class StepOutputController {
  @Route(atDbdevops(pluginOutputResponse))
  output(): never {
    throw notServed('compressed step output');
  }

  @Route(atDbdevops(flywayPluginOutputResponse))
  flywayOutput(): never {
    throw notServed('compressed step output');
  }

  @Route(atDbdevops(failureInterrupt))
  interrupt(): never {
    throw notServed('interrupts by step plugins');
  }

  @Route(atDbdevops(flywayFailureInterrupt))
  flywayInterrupt(): never {
    throw notServed('interrupts by step plugins');
  }

  @Route(atDbdevops(flywayStepPluginInputs))
  flywayInputs(): never {
    throw notServed('running Flyway migrations');
  }

  @Route(atDbdevops(flywayCustomOperations))
  flywayOperations(): never {
    throw notServed('running Flyway migrations');
  }
}
