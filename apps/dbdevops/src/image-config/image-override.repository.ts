import { IMAGE_FIELDS, type ImageField } from '@sluice/dbdevops-api';
import type { Scope } from '@sluice/kernel';
import { In, type EntityManager } from 'typeorm';
import { PINNED_VERSION, type ImageOverrides } from './image-config.js';
import { ImageOverrideEntity } from './image-override.entity.js';

/** Overrides belong to the account of the scope, whatever its level. */
export class ImageOverrideRepository {
  constructor(private readonly manager: EntityManager) {}

  async find({ accountId }: Scope): Promise<ImageOverrides> {
    const rows = await this.manager.findBy(ImageOverrideEntity, { accountId });
    const values = new Map(rows.map((row) => [row.field, row.value]));
    const images = Object.fromEntries(
      IMAGE_FIELDS.flatMap((field) => (values.has(field) ? [[field, values.get(field)]] : [])),
    );
    return { images, pinnedVersion: values.get(PINNED_VERSION) ?? null };
  }

  async set(
    { accountId }: Scope,
    overrides: readonly { readonly field: ImageField | typeof PINNED_VERSION; readonly value: string }[],
  ): Promise<void> {
    const lastWins = new Map(overrides.map(({ field, value }) => [field, { accountId, field, value }]));
    await this.manager.upsert(ImageOverrideEntity, [...lastWins.values()], ['accountId', 'field']);
  }

  async remove({ accountId }: Scope, fields: readonly (ImageField | typeof PINNED_VERSION)[]): Promise<void> {
    await this.manager.delete(ImageOverrideEntity, { accountId, field: In([...fields]) });
  }

  async removeAll({ accountId }: Scope): Promise<void> {
    await this.manager.delete(ImageOverrideEntity, { accountId, field: In([...IMAGE_FIELDS]) });
  }
}
