/** Light or dark: what the address says, else what was chosen last in this browser, else what the system wants. */
import { useSyncExternalStore } from 'react';
import { DARK_THEME, LIGHT_THEME } from '../viz/theme.ts';
import type { VizTheme } from '../viz/theme.ts';

export const THEME_CHOICES = ['auto', 'light', 'dark'] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];

const STORAGE_KEY = 'isotherm.theme';

export function themeChoice(params: URLSearchParams): ThemeChoice {
  const wanted = params.get('theme') ?? storedTheme();
  return THEME_CHOICES.find((choice) => choice === wanted) ?? 'auto';
}

function storedTheme(): string | null {
  try {
    return window.localStorage.getItem(STORAGE_KEY);
  } catch {
    return null; // Browsers may forbid storage; the address still works.
  }
}

export function rememberTheme(choice: ThemeChoice): void {
  try {
    window.localStorage.setItem(STORAGE_KEY, choice);
  } catch {
    return; // As above.
  }
}

const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');

function subscribe(listener: () => void): () => void {
  darkQuery.addEventListener('change', listener);
  return () => darkQuery.removeEventListener('change', listener);
}

export function useThemeMode(choice: ThemeChoice): 'light' | 'dark' {
  const systemIsDark = useSyncExternalStore(subscribe, () => darkQuery.matches);
  if (choice === 'auto') return systemIsDark ? 'dark' : 'light';
  return choice;
}

/** The canvas colours that go with styles/tokens.css. */
export const VIZ_THEMES: Record<'light' | 'dark', VizTheme> = {
  dark: {
    ...DARK_THEME,
    background: '#14191f',
    text: '#e4e8ee',
    textDim: '#8f9aa8',
    grid: '#242c36',
    accent: '#5cc8d7',
    fontSize: 11,
  },
  light: {
    ...LIGHT_THEME,
    background: '#ffffff',
    text: '#1b232d',
    textDim: '#5f6b79',
    grid: '#e8ebef',
    accent: '#0e7383',
    fontSize: 11,
  },
};

/** Lines and areas, told apart without colour vision by lightness and order; first the calmest. */
export const SERIES_COLORS: Record<'light' | 'dark', readonly string[]> = {
  light: ['#2f6db3', '#c8741c', '#12876f', '#a8447f', '#6a5acd', '#8a7a12', '#1f93b8', '#8a4b2a'],
  dark: ['#6aa9ec', '#f0a04b', '#3fc3a2', '#e07fb6', '#a599f5', '#d9c24a', '#5cc8e8', '#d29a78'],
};

/** States, and how requests ended: what went well is calm, so that what failed stands out. */
export const STATE_COLORS: Record<
  'light' | 'dark',
  Record<'done' | 'good' | 'info' | 'warn' | 'bad' | 'quiet', string>
> = {
  light: { done: '#3f9a6c', good: '#4a86bd', info: '#8a97a6', warn: '#c2790c', bad: '#cf3a3a', quiet: '#aab3be' },
  dark: { done: '#4cb782', good: '#5f9fd8', info: '#7d8a99', warn: '#eaa23c', bad: '#f0635f', quiet: '#4d5866' },
};
