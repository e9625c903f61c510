import {
  IconBan,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleXFilled,
  IconClockPause,
  IconLoader2,
  IconPlayerSkipForward,
  type Icon,
} from '@tabler/icons-react';

import { statusView, type StatusTone } from './execution-status.js';
import classes from './status.module.css';

const ICONS: Readonly<Record<StatusTone, Icon>> = {
  success: IconCircleCheckFilled,
  failure: IconCircleXFilled,
  running: IconLoader2,
  waiting: IconClockPause,
  stopped: IconBan,
  skipped: IconPlayerSkipForward,
  neutral: IconCircleDashed,
};

/** Picture of a status; give it `label` where no text stands next to it. */
export function StatusIcon({
  status,
  size = 16,
  label,
}: {
  readonly status: string;
  readonly size?: number;
  readonly label?: string;
}) {
  const { tone } = statusView(status);
  const Picture = ICONS[tone];
  const className = `${classes.icon} ${tone === 'running' ? 'spin' : ''}`;
  const accessible = label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true };
  return <Picture size={size} className={className} data-tone={tone} {...accessible} />;
}

/** Status as icon and text on a tinted ground. */
export function StatusBadge({ status, size = 'sm' }: { readonly status: string; readonly size?: 'sm' | 'md' }) {
  const { label, tone } = statusView(status);
  return (
    <span className={classes.badge} data-tone={tone} data-size={size} data-testid="status">
      <StatusIcon status={status} size={size === 'md' ? 18 : 15} />
      {label}
    </span>
  );
}
