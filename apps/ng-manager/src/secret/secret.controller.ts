import { Controller } from '@nestjs/common';
import { scopeFromQueryOrBody, type NgPage } from '@sluice/api-conventions';
import { Call, Route, type RouteCall } from '@sluice/http';
import { scopeOf, type RequestContext, type Scope } from '@sluice/kernel';
import {
  createSecret,
  createSecretFile,
  createSecretFromYaml,
  deleteSecret,
  filterSecrets,
  filterSecretsV2,
  getSecret,
  isSecretIdentifierFree,
  listSecrets,
  updateSecret,
  updateSecretFile,
  updateSecretFromYaml,
  validateSecret,
  type Secret,
  type SecretResponse,
} from '@sluice/ng-manager-api';
import { secretFromSpec, secretFromYaml } from './secret-documents.js';
import { SecretService } from './secret.service.js';
import { SecretValidation } from './secret-validation.js';

@Controller()
export class SecretController {
  constructor(
    private readonly secrets: SecretService,
    private readonly validation: SecretValidation,
  ) {}

  @Route(createSecret)
  create(@Call() { ctx, scope, query, body }: RouteCall<typeof createSecret>): Promise<SecretResponse> {
    return this.secrets.create(ctx, scope, body.secret, { isPrivate: query.privateSecret });
  }

  @Route(updateSecret)
  update(@Call() { ctx, scope, params, body }: RouteCall<typeof updateSecret>): Promise<SecretResponse> {
    return this.secrets.update(ctx, scope, params.identifier, body.secret);
  }

  @Route(createSecretFromYaml)
  createFromYaml(@Call() { ctx, query, body }: RouteCall<typeof createSecretFromYaml>): Promise<SecretResponse> {
    const secret = secretFromYaml(body);
    return this.secrets.create(ctx, scopeOfDocument(ctx, query, secret), secret, {
      isPrivate: query.privateSecret,
      mayBeDraft: true,
    });
  }

  @Route(updateSecretFromYaml)
  updateFromYaml(
    @Call() { ctx, params, query, body }: RouteCall<typeof updateSecretFromYaml>,
  ): Promise<SecretResponse> {
    const secret = secretFromYaml(body);
    return this.secrets.update(ctx, scopeOfDocument(ctx, query, secret), params.identifier, secret);
  }

  @Route(createSecretFile)
  async createFile(@Call() { ctx, query, body }: RouteCall<typeof createSecretFile>): Promise<SecretResponse> {
    const secret = secretFromSpec(body.spec);
    return this.secrets.create(ctx, scopeOfDocument(ctx, query, secret), secret, {
      isPrivate: query.privateSecret,
      file: await bytesOf(body.file),
    });
  }

  @Route(updateSecretFile)
  async updateFile(@Call() { ctx, params, query, body }: RouteCall<typeof updateSecretFile>): Promise<SecretResponse> {
    const secret = secretFromSpec(body.spec);
    return this.secrets.update(ctx, scopeOfDocument(ctx, query, secret), params.identifier, secret, {
      file: await bytesOf(body.file),
    });
  }

  @Route(validateSecret)
  validate(
    @Call() { ctx, scope, query, body }: RouteCall<typeof validateSecret>,
  ): Promise<{ success: boolean; message: string }> {
    return this.validation.validate(ctx, { scope, identifier: query.identifier }, body?.host ?? undefined);
  }

  @Route(getSecret)
  get(@Call() { ctx, scope, params }: RouteCall<typeof getSecret>): Promise<SecretResponse> {
    return this.secrets.get(ctx, { scope, identifier: params.identifier });
  }

  @Route(deleteSecret)
  async delete(@Call() { ctx, scope, params, query }: RouteCall<typeof deleteSecret>): Promise<boolean> {
    await this.secrets.delete(ctx, { scope, identifier: params.identifier }, query.forceDelete ?? false);
    return true;
  }

  @Route(listSecrets)
  list(@Call() { ctx, scope, query }: RouteCall<typeof listSecrets>): Promise<NgPage<SecretResponse>> {
    const page = { index: query.pageIndex, size: query.pageSize, search: query.searchTerm, sort: query.sortOrders };
    const types = [...(query.type ? [query.type] : []), ...(query.types ?? [])];
    return this.secrets.list(ctx, scope, page, {
      identifiers: query.identifiers,
      types,
      category: query.source_category,
      withParents: false,
      withChildren: query.includeSecretsFromEverySubScope ?? false,
    });
  }

  @Route(filterSecrets)
  filter(@Call() { ctx, scope, query, body }: RouteCall<typeof filterSecrets>): Promise<NgPage<SecretResponse>> {
    const page = {
      index: query.pageIndex,
      size: query.pageSize,
      search: query.searchTerm ?? body?.searchTerm ?? undefined,
      sort: query.sortOrders,
    };
    return this.secrets.list(ctx, scope, page, {
      identifiers: body?.identifiers,
      identifier: body?.secretIdentifier,
      types: body?.secretTypes,
      name: body?.secretName,
      description: body?.description,
      managers: body?.secretManagerIdentifiers,
      tags: body?.tags,
      category: body?.sourceCategory,
      withParents: body?.includeAllSecretsAccessibleAtScope ?? false,
      withChildren: body?.includeSecretsFromEverySubScope ?? false,
    });
  }

  @Route(filterSecretsV2)
  filterV2(@Call() call: RouteCall<typeof filterSecretsV2>): Promise<NgPage<SecretResponse>> {
    return this.filter(call);
  }

  @Route(isSecretIdentifierFree)
  isFree(@Call() { scope, params }: RouteCall<typeof isSecretIdentifierFree>): Promise<boolean> {
    return this.secrets.isFree({ scope, identifier: params.identifier });
  }
}

/**
 * The scope of a document the guard could not look into. It is the query's or lies inside it, and the guard has found the caller allowed at the
 * query's. @throws AppError INVALID_REQUEST when the two disagree
 */
function scopeOfDocument(ctx: RequestContext, query: object, secret: Secret): Scope {
  return scopeOf({ accountId: ctx.accountId, ...scopeFromQueryOrBody()({ params: {}, query, body: secret }) });
}

async function bytesOf(file: File | undefined): Promise<Buffer | undefined> {
  return file && Buffer.from(await file.arrayBuffer());
}
