export interface LogWindow {
  /** First row to draw. */
  readonly from: number;
  /** Row after the last one to draw. */
  readonly until: number;
}

/** Rows that must be in the document for a scroll position, with some more above and below. */
export function visibleWindow(options: {
  readonly scrollTop: number;
  readonly viewportHeight: number;
  readonly rowHeight: number;
  readonly rowCount: number;
  readonly overscan: number;
}): LogWindow {
  const { scrollTop, viewportHeight, rowHeight, rowCount, overscan } = options;
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const count = Math.ceil(viewportHeight / rowHeight) + 1;
  const from = Math.max(0, Math.min(first, rowCount - count) - overscan);
  return { from, until: Math.min(rowCount, Math.max(first, 0) + count + overscan) };
}

/** Scroll position that puts `row` in the middle, or undefined when it is already in view. */
export function scrollTopForRow(
  row: number,
  view: { readonly scrollTop: number; readonly viewportHeight: number; readonly rowHeight: number },
): number | undefined {
  const top = row * view.rowHeight;
  const isVisible = top >= view.scrollTop && top + view.rowHeight <= view.scrollTop + view.viewportHeight;
  if (isVisible) return undefined;
  return Math.max(0, top - view.viewportHeight / 2);
}
