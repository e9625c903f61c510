import { ActionIcon, Button, NavLink, Tooltip, createTheme, type MantineColorsTuple } from '@mantine/core';

const sluice: MantineColorsTuple = [
  '#e9f7f9',
  '#d5ecf0',
  '#a9d8e1',
  '#7ac4d1',
  '#55b3c4',
  '#3ea8bc',
  '#2a97ab',
  '#13808f',
  '#0a6d7d',
  '#005565',
];

export const theme = createTheme({
  primaryColor: 'sluice',
  primaryShade: { light: 8, dark: 7 },
  colors: { sluice },
  defaultRadius: 'sm',
  fontFamily:
    'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Tooltip: Tooltip.extend({
      defaultProps: { withArrow: true, openDelay: 200, events: { hover: true, focus: true, touch: true } },
    }),
    Button: Button.extend({ defaultProps: { fw: 550 } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray' } }),
    NavLink: NavLink.extend({ defaultProps: { variant: 'light' } }),
  },
});
