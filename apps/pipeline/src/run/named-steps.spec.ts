import { describe, expect, it } from '@jest/globals';
import { AppError } from '@sluice/kernel';
import { namingSteps } from './named-steps.js';

const targets = [
  { step: 'apply', dbSchema: 'app', dbInstance: 'nosuch' },
  { step: 'tag', dbSchema: 'app', dbInstance: 'dev' },
  { step: 'again', dbSchema: 'app', dbInstance: 'dev' },
];
const missing = (instance: string): AppError =>
  new AppError('RESOURCE_NOT_FOUND', `instance with id [${instance}] schema [app] does not exist`, {
    schema: 'app',
    instance,
  });

describe('an error about a DB instance names the steps that work on it', () => {
  it.each([
    ['nosuch', 'step "apply": instance with id [nosuch] schema [app] does not exist'],
    ['dev', 'steps "tag", "again": instance with id [dev] schema [app] does not exist'],
    ['other', 'instance with id [other] schema [app] does not exist'],
  ])('%s', (instance, message) => {
    expect(namingSteps(missing(instance), targets)).toMatchObject({ code: 'RESOURCE_NOT_FOUND', message });
  });

  it('and any other error stays as it is', () => {
    const [away, broken] = [new AppError('UPSTREAM_UNAVAILABLE', 'ng-manager is away'), new Error('x')];
    expect([namingSteps(away, targets), namingSteps(broken, targets)]).toEqual([away, broken]);
  });

  it('and of very many steps the first ten', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ step: `s${index}`, dbSchema: 'app', dbInstance: 'dev' }));
    expect(namingSteps(missing('dev'), many)).toMatchObject({
      message: expect.stringContaining('"s9" and 2 more: instance with id'),
    });
  });
});
