import type { ExecutionTreeNode } from './execution-tree.js';

/** A row of the tree that can be seen, in the order of the screen. */
export interface VisibleRow {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly hasChildren: boolean;
  readonly isExpanded: boolean;
}

export function visibleRows(
  nodes: readonly ExecutionTreeNode[],
  isExpanded: (id: string) => boolean,
  parentId?: string,
): readonly VisibleRow[] {
  return nodes.flatMap((node) => {
    const hasChildren = node.children.length > 0;
    const isOpen = hasChildren && isExpanded(node.id);
    return [
      { id: node.id, parentId, hasChildren, isExpanded: isOpen },
      ...(isOpen ? visibleRows(node.children, isExpanded, node.id) : []),
    ];
  });
}

export type TreeMove =
  | { readonly kind: 'focus'; readonly id: string }
  | { readonly kind: 'expand' | 'collapse'; readonly id: string };

/** What a key does in a tree (WAI-ARIA tree pattern), or undefined when the key means nothing here. */
export function treeMove(rows: readonly VisibleRow[], currentId: string, key: string): TreeMove | undefined {
  const position = rows.findIndex((row) => row.id === currentId);
  const current = rows[position];
  if (!current) return undefined;
  const focus = (row: VisibleRow | undefined): TreeMove | undefined =>
    row ? { kind: 'focus', id: row.id } : undefined;
  switch (key) {
    case 'ArrowDown':
      return focus(rows[position + 1]);
    case 'ArrowUp':
      return focus(rows[position - 1]);
    case 'Home':
      return focus(rows[0]);
    case 'End':
      return focus(rows.at(-1));
    case 'ArrowRight':
      if (!current.hasChildren) return undefined;
      return current.isExpanded ? focus(rows[position + 1]) : { kind: 'expand', id: current.id };
    case 'ArrowLeft':
      if (current.isExpanded) return { kind: 'collapse', id: current.id };
      return focus(rows.find((row) => row.id === current.parentId));
    default:
      return undefined;
  }
}
