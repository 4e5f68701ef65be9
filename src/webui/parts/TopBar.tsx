import React from 'react';
import type { Page } from '../../shared/api/pages.ts';
import { formatDuration, parseDuration } from '../../shared/model/durations.ts';
import { REFRESH_CHOICES } from '../clock.ts';
import type { RefreshChoice } from '../clock.ts';
import { goTo, pageHref, setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { formatDayClock } from '../text.ts';
import { THEME_CHOICES, rememberTheme } from '../theme.ts';
import type { ThemeChoice } from '../theme.ts';
import { RANGES_MS, rangeParams } from '../timeRange.ts';
import type { TimeRange } from '../timeRange.ts';
import { Segments, Select } from './Choice.tsx';
import { Icon, Mark } from './Icon.tsx';

const TABS: readonly { readonly page: Page; readonly text: string }[] = [
  { page: '', text: 'Overview' },
  { page: 'models', text: 'Models' },
  { page: 'query', text: 'Query' },
  { page: 'alerts', text: 'Alerts' },
  { page: 'targets', text: 'Targets' },
  { page: 'status', text: 'Status' },
];

interface TopBarProps {
  readonly place: Place;
  readonly theme: ThemeChoice;
  /** Is given the element that holds the tools of the page. */
  readonly toolsRef?: React.Ref<HTMLDivElement>;
}

export function TopBar({ place, theme, toolsRef }: TopBarProps) {
  return (
    <header className="topbar">
      <PageLink className="brand" page="" place={place} label="Isotherm, overview">
        <Mark />
        <span>Isotherm</span>
      </PageLink>
      <nav className="tabs" aria-label="Pages">
        {TABS.map(({ page, text }) => (
          <PageLink key={page} page={page} place={place} current={page === place.page}>
            {text}
          </PageLink>
        ))}
      </nav>
      <div className="topbar-tools">
        <div className="page-tools" ref={toolsRef} />
        <ThemeSwitch theme={theme} />
      </div>
    </header>
  );
}

interface PageLinkProps {
  readonly page: Page;
  readonly place: Place;
  readonly own?: Readonly<Record<string, string>>;
  readonly current?: boolean;
  readonly className?: string;
  readonly label?: string;
  readonly children: React.ReactNode;
}

/** A link inside the application; new tabs and windows work as with any other. */
export function PageLink({ page, place, own, current = false, className, label, children }: PageLinkProps) {
  const href = pageHref(page, place.params, own);
  return (
    <a
      href={href}
      className={className}
      aria-current={current ? 'page' : undefined}
      aria-label={label}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        goTo(href);
      }}
    >
      {children}
    </a>
  );
}

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;
const THEME_TEXTS = { auto: 'Theme as the system', light: 'Light theme', dark: 'Dark theme' } as const;

function ThemeSwitch({ theme }: { theme: ThemeChoice }) {
  return (
    <Segments
      label="Theme"
      value={theme}
      options={THEME_CHOICES.map((value) => ({
        value,
        text: THEME_TEXTS[value],
        icon: <Icon name={THEME_ICONS[value]} />,
      }))}
      onChange={(value) => {
        rememberTheme(value);
        setParams({ theme: value });
      }}
    />
  );
}

const RANGE_OPTIONS = RANGES_MS.map((ms) => {
  const text = formatDuration(ms);
  return { value: text, text: text === '1d' ? '24h' : text === '1w' ? '7d' : text };
});

/** Relative ranges as buttons (on narrow screens as a list); a range chosen by dragging as a removable one. */
export function RangePicker({ range }: { range: TimeRange }) {
  const value = range.kind === 'last' ? formatDuration(range.ms) : undefined;
  const choose = (text: string) => setParams(rangeParams({ kind: 'last', ms: parseDuration(text) }), 'push');
  return (
    <div className="range-picker">
      {range.kind === 'between' && (
        <button type="button" className="chip" title="Back to the present" onClick={backToPresent}>
          {spanText(range.start, range.end)} <Icon name="close" size={12} />
        </button>
      )}
      <div className="only-wide">
        <Segments label="Time range" options={RANGE_OPTIONS} value={value} onChange={choose} />
      </div>
      <div className="only-narrow">
        <Select label="Time range" options={RANGE_OPTIONS} value={value} onChange={choose} />
      </div>
    </div>
  );
}

/** The day is told once where both ends are on it: the bar has little room. */
function spanText(start: number, end: number): string {
  const [from, to] = [formatDayClock(start), formatDayClock(end)];
  const [day, clock] = to.split(', ');
  return `${from} – ${from.startsWith(`${day}, `) ? clock : to}`;
}

/** What pages over a range of time have in the bar. */
export function TimeTools({ range, ...refresh }: { range: TimeRange } & RefreshPickerProps) {
  return (
    <>
      <RangePicker range={range} />
      <RefreshPicker {...refresh} />
    </>
  );
}

/** A box on the maps belongs to the range that it was drawn in. */
const backToPresent = () =>
  setParams({ start: undefined, end: undefined, held: undefined, box: undefined, versus: undefined }, 'push');

interface RefreshPickerProps {
  readonly refresh: RefreshChoice;
  readonly onRenew: () => void;
}

export function RefreshPicker({ refresh, onRenew }: RefreshPickerProps) {
  return (
    <div className="refresh-picker">
      <button type="button" className="icon-button" aria-label="Refresh now" title="Refresh now" onClick={onRenew}>
        <Icon name="refresh" />
      </button>
      <Select
        label="Refresh every"
        value={refresh}
        options={REFRESH_CHOICES.map((value) => ({ value, text: value }))}
        onChange={(value) => setParams({ refresh: value })}
      />
    </div>
  );
}
