import React from 'react';
import type { Place } from '../location.ts';
import { TopBar } from '../parts/TopBar.tsx';
import { themeChoice } from '../theme.ts';

export default function StatusPage({ place }: { place: Place }) {
  return <TopBar place={place} theme={themeChoice(place.params)} />;
}
