import { describe, expect, it } from '@jest/globals';

import type { ExecutionTreeNode } from './execution-tree.js';
import { treeMove, visibleRows } from './tree-keyboard.js';

const node = (id: string, children: readonly ExecutionTreeNode[] = []): ExecutionTreeNode => ({
  id,
  kind: 'step',
  name: id,
  stepType: '',
  status: 'Success',
  startTs: undefined,
  endTs: undefined,
  failureMessage: undefined,
  failureHints: [],
  hasLog: false,
  children,
});
const tree = [node('a', [node('b'), node('c', [node('d')])]), node('e')];

describe('keys in the tree', () => {
  const rows = visibleRows(tree, (id) => id !== 'c');

  it('see only what is expanded', () => {
    expect(rows.map((row) => row.id)).toEqual(['a', 'b', 'c', 'e']);
  });

  it.each([
    ['a', 'ArrowDown', { kind: 'focus', id: 'b' }],
    ['e', 'ArrowDown', undefined],
    ['e', 'ArrowUp', { kind: 'focus', id: 'c' }],
    ['c', 'Home', { kind: 'focus', id: 'a' }],
    ['a', 'End', { kind: 'focus', id: 'e' }],
    ['c', 'ArrowRight', { kind: 'expand', id: 'c' }],
    ['a', 'ArrowRight', { kind: 'focus', id: 'b' }],
    ['b', 'ArrowRight', undefined],
    ['a', 'ArrowLeft', { kind: 'collapse', id: 'a' }],
    ['b', 'ArrowLeft', { kind: 'focus', id: 'a' }],
    ['e', 'ArrowLeft', undefined],
    ['b', 'x', undefined],
    ['gone', 'ArrowDown', undefined],
  ])('on %s, %s means %j', (current, key, move) => {
    expect(treeMove(rows, current, key)).toEqual(move);
  });
});
