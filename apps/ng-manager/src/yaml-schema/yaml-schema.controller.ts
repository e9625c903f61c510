import { Controller } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import { getYamlSchema } from '@sluice/ng-manager-api';
import { yamlSchemaOf } from './yaml-schema.js';

@Controller()
export class YamlSchemaController {
  @Route(getYamlSchema)
  get(@Call() { query }: RouteCall<typeof getYamlSchema>): { schema: Record<string, unknown> } {
    return { schema: yamlSchemaOf(query) };
  }
}
