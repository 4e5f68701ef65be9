import type { VizTheme } from '../../viz/theme.ts';
import type { Crosshair } from '../crosshair.ts';
import type { Place } from '../location.ts';
import type { STATE_COLORS } from '../theme.ts';
import type { Grid } from '../timeRange.ts';

/** What every card of the overview is drawn from. */
export interface CardContext {
  readonly place: Place;
  readonly grid: Grid;
  /** What the grid was made from, milliseconds. */
  readonly shown: { readonly start: number; readonly end: number };
  readonly intervalMs: number;
  /** Milliseconds: the present, or the end of a fixed range. */
  readonly now: number;
  /** The charts end at the present. */
  readonly live: boolean;
  /** Scraping began a few minutes ago at most: what is missing may be on its way. */
  readonly young: boolean;
  /** There are targets that were not scraped yet. */
  readonly awaiting: boolean;
  /** How many targets answered their last scrape. */
  readonly targetsUp: number;
  readonly mode: 'light' | 'dark';
  readonly vizTheme: VizTheme;
  readonly seriesColors: readonly string[];
  readonly stateColors: (typeof STATE_COLORS)['light'];
  readonly crosshair: Crosshair;
  readonly onSelectRange: (start: number, end: number) => void;
}
