import { Controller, Inject } from '@nestjs/common';
import {
  atDbdevops,
  deleteImages,
  getCustomerImages,
  getDefaultImages,
  pinImage,
  resetImages,
  updateImages,
} from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { accountScope, type RequestContext } from '@sluice/kernel';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DEFAULT_IMAGES, PINNED_VERSION, effectiveImages, type ImageTags } from './image-config.js';
import type { ImageOverrideRepository } from './image-override.repository.js';

@Controller()
export class ImageConfigController {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  @Route(atDbdevops(getDefaultImages))
  defaults(): ImageTags {
    return DEFAULT_IMAGES;
  }

  @Route(atDbdevops(getCustomerImages))
  async ofCustomer(@Call() { ctx, query }: RouteCall<typeof getCustomerImages>): Promise<ImageTags> {
    const overrides = await this.work.read.imageOverrides.find(accountScope(ctx.accountId));
    return query.overridesOnly ? overrides.images : effectiveImages(overrides);
  }

  @Route(atDbdevops(updateImages))
  async update(@Call() { ctx, body }: RouteCall<typeof updateImages>): Promise<boolean> {
    return this.change(ctx, 'update', (overrides) => overrides.set(accountScope(ctx.accountId), body));
  }

  @Route(atDbdevops(resetImages))
  async reset(@Call() { ctx, body }: RouteCall<typeof resetImages>): Promise<boolean> {
    const fields = body.map((one) => (typeof one === 'string' ? one : one.field));
    return this.change(ctx, 'restore', (overrides) => overrides.remove(accountScope(ctx.accountId), fields));
  }

  @Route(atDbdevops(deleteImages))
  async removeAll(@Call() { ctx }: RouteCall<typeof deleteImages>): Promise<boolean> {
    return this.change(ctx, 'restore', (overrides) => overrides.removeAll(accountScope(ctx.accountId)));
  }

  @Route(atDbdevops(pinImage))
  async pin(@Call() { ctx, body }: RouteCall<typeof pinImage>): Promise<boolean> {
    const scope = accountScope(ctx.accountId);
    if (body.value === '') return this.change(ctx, 'restore', (overrides) => overrides.remove(scope, [PINNED_VERSION]));
    return this.change(ctx, 'update', (overrides) =>
      overrides.set(scope, [{ field: PINNED_VERSION, value: body.value }]),
    );
  }

  private change(
    ctx: RequestContext,
    action: 'update' | 'restore',
    apply: (overrides: ImageOverrideRepository) => Promise<void>,
  ): Promise<boolean> {
    const scope = accountScope(ctx.accountId);
    return this.work.run(async ({ imageOverrides, audit }) => {
      const before = await imageOverrides.find(scope);
      await apply(imageOverrides);
      await audit.record(ctx, {
        action,
        resourceType: 'imageConfig',
        identifier: 'images',
        scope,
        before,
        after: await imageOverrides.find(scope),
      });
      return true;
    });
  }
}
