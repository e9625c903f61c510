import { describe, expect, it } from '@jest/globals';

import { keepRows } from './keep-rows.js';

describe('rows of a list', () => {
  const keep = keepRows(['executions', { project: 'a' }, undefined]);

  it('stay while another page of the same list loads', () => {
    expect(keep('rows', { queryKey: ['executions', { project: 'a' }, undefined, 'search', 2] })).toBe('rows');
  });

  it('never stand for another list', () => {
    expect(keep('rows', { queryKey: ['executions', { project: 'b' }, undefined, 'search', 2] })).toBeUndefined();
    expect(keep('rows', { queryKey: ['executions', { project: 'a' }, 'pipeline', 'search', 2] })).toBeUndefined();
    expect(keep('rows', undefined)).toBeUndefined();
  });
});
