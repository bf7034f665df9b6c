import { type CSSVariablesResolver, type MantineColorsTuple, type MantineTheme, createTheme } from '@mantine/core';

/** Cooler and deeper than Mantine's own greys: text first, then borders, raised surfaces, the page, and the rail. */
const dark: MantineColorsTuple = [
  '#e6e8ec',
  '#a7adb9',
  '#868d9b',
  '#5f6674',
  '#2c3038',
  '#22262e',
  '#191c22',
  '#111318',
  '#0c0e12',
  '#08090c',
];

/** The head of a dialog is none of the page, though it is made of the same element. */
const dialog = { header: { role: 'presentation' } };

export const theme = createTheme({
  colors: { dark },
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
    Badge: { defaultProps: { radius: 'sm', tt: 'none', fw: 500 } },
    Button: { defaultProps: { fw: 500 } },
    SegmentedControl: { defaultProps: { withItemsBorders: false } },
    Table: { defaultProps: { fz: 'sm', verticalSpacing: 'xs', highlightOnHover: true } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Drawer: { defaultProps: { attributes: dialog, overlayProps: { backgroundOpacity: 0.3 } } },
    Modal: { defaultProps: { attributes: dialog, centered: true, overlayProps: { backgroundOpacity: 0.4, blur: 2 } } },
    Paper: { defaultProps: { shadow: 'none', withBorder: true } },
    Card: { defaultProps: { shadow: 'none', withBorder: true } },
  },
});

const STATES = ['indigo', 'teal', 'green', 'orange', 'yellow', 'red'] as const;

/** Mantine's light variants are loud: a breath of the colour does. */
const quiet = (colors: MantineTheme['colors'], percent: number): Record<string, string> =>
  Object.fromEntries(
    STATES.flatMap((name) =>
      [
        ['light', percent],
        ['light-hover', percent + 6],
      ].map(([variant, share]) => [
        `--mantine-color-${name}-${variant}`,
        `color-mix(in srgb, ${colors[name][6]} ${share}%, transparent)`,
      ]),
    ),
  );

/** Mantine's stock shades miss 4.5:1 in places; these are the nearest that reach it in both schemes. */
export const cssVariables: CSSVariablesResolver = (mantine) => ({
  variables: {},
  light: {
    ...quiet(mantine.colors, 10),
    '--mantine-color-text': '#16181d',
    '--modplane-rail': '#fafafb',
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
    ...quiet(mantine.colors, 16),
    ...Object.fromEntries(STATES.map((name) => [`--mantine-color-${name}-light-color`, mantine.colors[name][3]])),
    '--mantine-color-gray-light': mantine.colors.dark[5],
    '--mantine-color-gray-light-hover': mantine.colors.dark[4],
    '--modplane-rail': mantine.colors.dark[8],
    '--mantine-color-dimmed': mantine.colors.dark[1],
    '--mantine-color-placeholder': mantine.colors.dark[2],
    '--mantine-color-error': mantine.colors.red[5],
    '--mantine-color-gray-light-color': mantine.colors.gray[4],
  },
});
