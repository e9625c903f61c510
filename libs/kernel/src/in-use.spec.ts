import { expect, it } from '@jest/globals';
import { inUse, MOST_USERS_NAMED } from './in-use.js';

it('names what uses a thing, and how to go on', () => {
  expect(inUse('connector "db"', ['secret a', 'pipeline b'])).toMatchObject({
    code: 'ENTITY_REFERENCED',
    message: 'connector "db" is used by secret a, pipeline b; change or delete them first, or send forceDelete=true',
    details: { users: ['secret a', 'pipeline b'] },
  });
});

it('names so many users and says that there are others', () => {
  const users = Array.from({ length: MOST_USERS_NAMED + 1 }, (_, index) => `pipeline p${index}`);
  const { message, details } = inUse('secret "s"', users);
  expect(message).toContain(`pipeline p${MOST_USERS_NAMED - 1} and others; change`);
  expect(details.users).toHaveLength(MOST_USERS_NAMED);
});
