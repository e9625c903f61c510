import { Controller, Inject } from '@nestjs/common';
import { atDbdevops, deleteImages, getCustomerImages, getDefaultImages, pinImage, resetImages, updateImages } from '@sluice/dbdevops-api';
import { Call, Route, type RouteCall } from '@sluice/http';
import { accountScope } from '@sluice/kernel';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DEFAULT_IMAGES, PINNED_VERSION, effectiveImages, type ImageTags } from './image-config.js';

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
    await this.work.read.imageOverrides.set(accountScope(ctx.accountId), body);
    return true;
  }

  @Route(atDbdevops(resetImages))
  async reset(@Call() { ctx, body }: RouteCall<typeof resetImages>): Promise<boolean> {
    const fields = body.map((one) => (typeof one === 'string' ? one : one.field));
    await this.work.read.imageOverrides.remove(accountScope(ctx.accountId), fields);
    return true;
  }

  @Route(atDbdevops(deleteImages))
  async removeAll(@Call() { ctx }: RouteCall<typeof deleteImages>): Promise<boolean> {
    await this.work.read.imageOverrides.removeAll(accountScope(ctx.accountId));
    return true;
  }

  @Route(atDbdevops(pinImage))
  async pin(@Call() { ctx, body }: RouteCall<typeof pinImage>): Promise<boolean> {
    const { imageOverrides } = this.work.read;
    const scope = accountScope(ctx.accountId);
    if (body.value === '') await imageOverrides.remove(scope, [PINNED_VERSION]);
    else await imageOverrides.set(scope, [{ field: PINNED_VERSION, value: body.value }]);
    return true;
  }
}
