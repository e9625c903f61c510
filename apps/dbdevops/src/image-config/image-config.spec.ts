import { describe, expect, it } from '@jest/globals';
import { IMAGE_FIELDS } from '@sluice/dbdevops-api';
import { DEFAULT_IMAGES, effectiveImages } from './image-config.js';

describe('images of step containers', () => {
  it('have a default for every field of the contract', () => {
    expect(Object.keys(DEFAULT_IMAGES).sort()).toEqual([...IMAGE_FIELDS].sort());
  });

  it('are the defaults when nothing is overridden', () => {
    expect(effectiveImages({ images: {}, pinnedVersion: null })).toEqual(DEFAULT_IMAGES);
  });

  it('take the pinned version for Liquibase only, and an override before it', () => {
    const images = effectiveImages({ images: { mongoTag: 'mine/mongo:1' }, pinnedVersion: '9' });
    expect(images).toMatchObject({
      defaultTag: 'sluice/step-runner:9',
      mongoTag: 'mine/mongo:1',
      gitCloneTag: DEFAULT_IMAGES.gitCloneTag,
    });
  });
});
