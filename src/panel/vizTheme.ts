import type { GrafanaTheme2 } from '@grafana/data';
import { DARK_THEME, LIGHT_THEME, type VizTheme } from '../viz/theme.ts';

/** Our theme in Grafana's colours, so that the map looks at home. */
export function vizThemeOf(theme: GrafanaTheme2): VizTheme {
  const ours = theme.isDark ? DARK_THEME : LIGHT_THEME;
  const { colors, typography } = theme;
  return {
    mode: ours.mode,
    background: opaqueHex(colors.background.primary) ?? ours.background,
    text: colors.text.primary,
    textDim: colors.text.secondary,
    grid: colors.border.weak,
    accent: colors.primary.text,
    fontFamily: typography.fontFamily,
    fontSize: typography.bodySmall.fontSize ? Number.parseInt(String(typography.bodySmall.fontSize), 10) || 12 : 12,
  };
}

/** `#abc`, `#aabbcc`, `rgb(1, 2, 3)` as #rrggbb; undefined for anything else. */
export function opaqueHex(colour: string): string | undefined {
  const long = /^#([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(colour);
  if (long !== null) return `#${long[1]}`;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  if (short !== null) return `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}`;
  const rgb = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(colour);
  if (rgb === null) return undefined;
  return `#${rgb
    .slice(1, 4)
    .map((c) => Math.min(255, Number(c)).toString(16).padStart(2, '0'))
    .join('')}`;
}
