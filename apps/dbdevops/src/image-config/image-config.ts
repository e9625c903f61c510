import { IMAGE_FIELDS, type ImageField } from '@sluice/dbdevops-api';

export type ImageTags = Readonly<Partial<Record<ImageField, string>>>;

const VERSION = '0.1.0';
const LIQUIBASE = 'sluice/step-runner';

/** Images of step containers when an account overrides nothing. One image serves every database Liquibase reaches by JDBC. */
export const DEFAULT_IMAGES: Readonly<Record<ImageField, string>> = Object.freeze({
  ...(Object.fromEntries(IMAGE_FIELDS.map((field) => [field, `${LIQUIBASE}:${VERSION}`])) as Record<
    ImageField,
    string
  >),
  artifactoryTag: `sluice/artifact-fetcher:${VERSION}`,
  gitCloneTag: `sluice/git-fetcher:${VERSION}`,
});

/** Name under which the pinned version is stored among the overrides. */
export const PINNED_VERSION = 'pinnedVersion';

/** What an account changed: single images, and one version for all Liquibase images. */
export interface ImageOverrides {
  readonly images: ImageTags;
  readonly pinnedVersion: string | null;
}

/** The images in effect: an override wins over the pinned version, which wins over the default. */
export function effectiveImages({ images, pinnedVersion }: ImageOverrides): Readonly<Record<ImageField, string>> {
  const entries = IMAGE_FIELDS.map((field): [ImageField, string] => {
    const standard = DEFAULT_IMAGES[field];
    const pinned = pinnedVersion && standard.startsWith(`${LIQUIBASE}:`) ? `${LIQUIBASE}:${pinnedVersion}` : standard;
    return [field, images[field] ?? pinned];
  });
  return Object.fromEntries(entries) as Record<ImageField, string>;
}
