import { type CSSVariablesResolver, createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '600' },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  components: {
    Table: { defaultProps: { fz: 'sm', verticalSpacing: 'xs', highlightOnHover: true } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4, blur: 2 } } },
    Paper: { defaultProps: { shadow: 'none', withBorder: true } },
    Card: { defaultProps: { shadow: 'none', withBorder: true } },
  },
});

/** Mantine's stock shades miss 4.5:1 in places; these are the nearest that reach it in both schemes. */
export const cssVariables: CSSVariablesResolver = (mantine) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': mantine.colors.gray[7],
    '--mantine-color-placeholder': mantine.colors.gray[6],
    '--mantine-color-indigo-light-color': mantine.colors.indigo[9],
    '--mantine-color-teal-light-color': '#055c41',
    '--mantine-color-green-light-color': '#1a5c26',
    '--mantine-color-orange-light-color': '#8f3600',
    '--mantine-color-yellow-light-color': '#6b4700',
    '--mantine-color-red-light-color': mantine.colors.red[9],
    '--mantine-color-error': mantine.colors.red[8],
    '--mantine-color-gray-light-color': mantine.colors.gray[8],
  },
  dark: {
    '--mantine-color-dimmed': mantine.colors.dark[1],
    '--mantine-color-placeholder': mantine.colors.dark[2],
    '--mantine-color-error': mantine.colors.red[5],
    '--mantine-color-gray-light-color': mantine.colors.gray[4],
  },
});
