import React from 'react';

/** Stroked on a 16 × 16 grid. */
const PATHS = {
  refresh: 'M13.5 8a5.500 5.500 0 1 1-1.700-4M13.500 1.500V4.500H10.500',
  sun: 'M8 5.200A2.800 2.800 0 1 1 8 10.800 2.800 2.800 0 0 1 8 5.200M8 1.500V2.500M8 13.500V14.500M1.500 8H2.500M13.500 8H14.500M3.400 3.400L4.100 4.100M11.900 11.900L12.600 12.600M3.400 12.600L4.100 11.900M11.900 4.100L12.600 3.400',
  moon: 'M13.200 9.600A5.600 5.600 0 1 1 6.400 2.800 4.600 4.600 0 0 0 13.200 9.600Z',
  auto: 'M2 3H14V11H2ZM5.500 14H10.500M8 11V14',
  close: 'M4 4L12 12M12 4L4 12',
  check: 'M3 8.500L6.500 12L13 4.500',
  cross: 'M4.500 4.500L11.500 11.500M11.500 4.500L4.500 11.500',
  copy: 'M5.500 5.500V2.500H13.500V10.500H10.500M2.500 5.500H10.500V13.500H2.500Z',
  arrow: 'M5 11L11 5M6 5H11V10',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: what it stands for is said by the control around it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Three isotherms. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#12202e" />
      <g fill="none" strokeWidth="2.6" strokeLinecap="round">
        <path d="M6 24c5 0 6-4 10-4s5 3 10 1" stroke="#3f7fd0" />
        <path d="M6 18.500c4.500 0 6-6 10.500-6s5 4 9.500 2.500" stroke="#3fc1ae" />
        <path d="M6 13c4 0 6-6.500 10.500-6.500s5.500 3.500 9.500 2.500" stroke="#f6b447" />
      </g>
    </svg>
  );
}
