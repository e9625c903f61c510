import { Controller, Inject } from '@nestjs/common';
import { toNgPage } from '@sluice/api-conventions';
import { Call, Route, expectedVersionOf, type RouteCall } from '@sluice/http';
import {
  createTrigger,
  deleteTrigger,
  getTrigger,
  getTriggerDetails,
  listTriggers,
  triggerCatalog,
  updateTrigger,
  type TriggerDetails,
  type TriggerResponse,
} from '@sluice/pipeline-api';
import { projectOfQuery } from '../database/request-scope.js';
import { SOURCES } from './trigger-schema.js';
import { triggerDetailsView, triggerView } from './trigger-view.js';
import type { Trigger } from './trigger.repository.js';
import { TriggerService } from './trigger.service.js';

const CATALOG = Object.entries(SOURCES).map(([category, { types }]) => ({
  category,
  triggerCatalogType: Object.keys(types),
}));

@Controller()
export class TriggerController {
  constructor(@Inject(TriggerService) private readonly triggers: TriggerService) {}

  @Route(listTriggers)
  async list(@Call() { ctx, query, headers }: RouteCall<typeof listTriggers>) {
    const scope = projectOfQuery(ctx, query);
    const { rows, total } = await this.triggers.list(
      scope,
      query.targetIdentifier,
      { searchTerm: query.searchTerm, filter: query.filter },
      query.page,
      query.size,
    );
    return toNgPage(
      rows.map((row) => triggerDetailsView(scope, row, publicUrl(headers))),
      total,
      query.page,
      query.size,
    );
  }

  @Route(createTrigger)
  async create(@Call() call: RouteCall<typeof createTrigger>): Promise<TriggerResponse> {
    const { ctx, query, body } = call;
    return view(
      call,
      await this.triggers.create(ctx, projectOfQuery(ctx, query), query.targetIdentifier, {
        yaml: body,
        ignoresErrors: query.ignoreError === true,
      }),
    );
  }

  @Route(updateTrigger)
  async update(@Call() call: RouteCall<typeof updateTrigger>): Promise<TriggerResponse> {
    const { ctx, query, params, body, headers } = call;
    const write = { yaml: body, ignoresErrors: query.ignoreError === true };
    return view(
      call,
      await this.triggers.update(
        ctx,
        projectOfQuery(ctx, query),
        query.targetIdentifier,
        params.triggerIdentifier,
        write,
        expectedVersionOf(headers),
      ),
    );
  }

  @Route(getTrigger)
  async get(@Call() call: RouteCall<typeof getTrigger>): Promise<TriggerResponse> {
    const { ctx, query, params } = call;
    return view(
      call,
      await this.triggers.get(projectOfQuery(ctx, query), query.targetIdentifier, params.triggerIdentifier),
    );
  }

  @Route(getTriggerDetails)
  async details(@Call() { ctx, query, params, headers }: RouteCall<typeof getTriggerDetails>): Promise<TriggerDetails> {
    const scope = projectOfQuery(ctx, query);
    return triggerDetailsView(
      scope,
      await this.triggers.get(scope, query.targetIdentifier, params.triggerIdentifier),
      publicUrl(headers),
    );
  }

  @Route(deleteTrigger)
  async delete(@Call() { ctx, query, params, headers }: RouteCall<typeof deleteTrigger>): Promise<boolean> {
    await this.triggers.delete(
      ctx,
      projectOfQuery(ctx, query),
      query.targetIdentifier,
      params.triggerIdentifier,
      expectedVersionOf(headers),
    );
    return true;
  }

  @Route(triggerCatalog)
  catalog(): { catalog: typeof CATALOG } {
    return { catalog: CATALOG };
  }
}

function view(
  { ctx, query, headers, reply }: Pick<RouteCall<typeof getTrigger>, 'ctx' | 'query' | 'headers' | 'reply'>,
  trigger: Trigger,
): TriggerResponse {
  void reply.header('etag', `"${trigger.version}"`);
  return triggerView(projectOfQuery(ctx, query), trigger, publicUrl(headers));
}

/** The gateway's address as the caller knows it; the gateway says it. */
function publicUrl(headers: RouteCall['headers']): string {
  const host = headers['x-forwarded-host'];
  const protocol = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return typeof host === 'string' && host !== '' ? `${protocol}://${host}` : '';
}
