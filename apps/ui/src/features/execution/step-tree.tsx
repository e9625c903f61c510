import { ActionIcon, Text } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useRef, useState, type KeyboardEvent } from 'react';

import { durationOf, formatDuration } from '../../time/duration.js';
import classes from './execution-page.module.css';
import { statusView } from './execution-status.js';
import type { ExecutionTreeNode } from './execution-tree.js';
import { StatusIcon } from './status-icon.js';
import { treeMove, visibleRows } from './tree-keyboard.js';

interface StepTreeProps {
  readonly nodes: readonly ExecutionTreeNode[];
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly now: number;
}

/** Stages, step groups and steps with their state; arrow keys move, Enter selects. */
export function StepTree({ nodes, selectedId, onSelect, now }: StepTreeProps) {
  const list = useRef<HTMLUListElement>(null);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [focusedId, setFocusedId] = useState<string>();
  const rows = visibleRows(nodes, (id) => !collapsed.has(id));
  // Exactly one row takes part in the tab order.
  const tabStop = [focusedId, selectedId].find((id) => rows.some((row) => row.id === id)) ?? rows[0]?.id;

  const setExpanded = (id: string, isExpanded: boolean): void => {
    const next = new Set(collapsed);
    if (isExpanded) next.delete(id);
    else next.add(id);
    setCollapsed(next);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!tabStop || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onSelect(tabStop);
      return;
    }
    const move = treeMove(rows, tabStop, event.key);
    if (!move) return;
    event.preventDefault();
    if (move.kind !== 'focus') return setExpanded(move.id, move.kind === 'expand');
    setFocusedId(move.id);
    list.current?.querySelector<HTMLElement>(`[data-node-id="${CSS.escape(move.id)}"]`)?.focus();
  };

  if (nodes.length === 0)
    return (
      <Text size="sm" c="dimmed" p="sm">
        No step has started yet.
      </Text>
    );
  const shared = { collapsed, selectedId, tabStop, now, onSelect, onToggle: setExpanded, onFocus: setFocusedId };
  return (
    <ul role="tree" aria-label="Steps of this execution" className={classes.tree} ref={list} onKeyDown={onKeyDown}>
      {nodes.map((node, position) => (
        <TreeItem key={node.id} node={node} level={1} position={position + 1} siblings={nodes.length} {...shared} />
      ))}
    </ul>
  );
}

interface TreeItemProps {
  readonly node: ExecutionTreeNode;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly collapsed: ReadonlySet<string>;
  readonly selectedId: string | undefined;
  readonly tabStop: string | undefined;
  readonly now: number;
  readonly onSelect: (id: string) => void;
  readonly onToggle: (id: string, isExpanded: boolean) => void;
  readonly onFocus: (id: string) => void;
}

function TreeItem({ node, level, position, siblings, ...shared }: TreeItemProps) {
  const hasChildren = node.children.length > 0;
  const isExpanded = hasChildren && !shared.collapsed.has(node.id);
  const { label } = statusView(node.status);
  const duration = durationOf(node, shared.now);
  const Chevron = isExpanded ? IconChevronDown : IconChevronRight;
  return (
    <li
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={node.id === shared.selectedId}
      aria-expanded={hasChildren ? isExpanded : undefined}
      aria-label={`${node.name}, ${label}`}
      tabIndex={node.id === shared.tabStop ? 0 : -1}
      data-node-id={node.id}
      data-kind={node.kind}
      data-status={node.status}
      onFocus={(event) => {
        if (event.target === event.currentTarget) shared.onFocus(node.id);
      }}
    >
      <div className={classes.row} onClick={() => shared.onSelect(node.id)}>
        {!hasChildren && <span className={classes.noChevron} />}
        {hasChildren && (
          <ActionIcon
            size={18}
            tabIndex={-1}
            aria-hidden
            onClick={(event) => {
              event.stopPropagation();
              shared.onToggle(node.id, !isExpanded);
            }}
          >
            <Chevron size={14} />
          </ActionIcon>
        )}
        <StatusIcon status={node.status} />
        <Text
          span
          inherit
          className={`${classes.rowName} truncate`}
          fw={node.kind === 'stage' || node.kind === 'group' ? 600 : 400}
          title={`${node.name} (${label})`}
        >
          {node.name}
        </Text>
        {duration !== undefined && (
          <Text span size="xs" c="dimmed" className="tabular">
            {formatDuration(duration)}
          </Text>
        )}
      </div>
      {isExpanded && (
        <ul role="group">
          {node.children.map((child, index) => (
            <TreeItem
              key={child.id}
              node={child}
              level={level + 1}
              position={index + 1}
              siblings={node.children.length}
              {...shared}
            />
          ))}
        </ul>
      )}
    </li>
  );
}
