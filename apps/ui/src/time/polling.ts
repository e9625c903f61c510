import { useEffect, useState } from 'react';

/** Whether the tab can be seen. */
export function usePageVisible(): boolean {
  const [isVisible, setVisible] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const update = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', update);
    return () => document.removeEventListener('visibilitychange', update);
  }, []);
  return isVisible;
}

/** Pause between two looks at something that changes: short while it runs and is watched, long in a hidden tab. */
export function pollIntervalMs(options: { readonly isActive: boolean; readonly isVisible: boolean; readonly activeMs: number; readonly idleMs: number | false }): number | false {
  if (!options.isActive) return options.isVisible ? options.idleMs : false;
  return options.isVisible ? options.activeMs : Math.max(15_000, options.activeMs);
}
