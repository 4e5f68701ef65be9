/** What the values of a configuration file may be. Every scalar arrives as the text in the file; each reader turns it into its meaning. */
import { RE2JS } from 're2js';
import { z } from 'zod';
import { parseDuration } from '../../shared/model/durations.ts';

/** A reader as zod sees it; an Error thrown by `read` becomes the fault's words. */
function scalar<T>(read: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

export const text = z.string();
export const bool = scalar(readBool);
/** Milliseconds. */
export const duration = scalar(parseDuration);
/** Milliseconds above 0. */
export const positiveDuration = scalar((t) => {
  const ms = parseDuration(t);
  if (ms === 0) throw new Error('must be longer than 0');
  return ms;
});
export const count = scalar(readCount);
export const number = scalar(readNumber);
/** Bytes. */
export const size = scalar(readSize);
/** 0 to 100. */
export const percentage = scalar((t) => {
  const share = readNumber(t);
  if (share < 0 || share > 100) throw new Error('must lie between 0 and 100');
  return share;
});
export const labelName = scalar((t) => {
  if (t === '' || /\p{Surrogate}/u.test(t)) throw new Error(`${JSON.stringify(t)} is not a label name`);
  return t;
});
export const pattern = scalar((t) => {
  try {
    RE2JS.compile(t, RE2JS.DOTALL);
  } catch (error) {
    throw new Error(`not an RE2 pattern: ${(error as Error).message}`, { cause: error });
  }
  return t;
});
export const url = scalar(readUrl);

export function oneOf<const T extends readonly string[]>(...words: T) {
  return scalar((t): T[number] => {
    if (!words.includes(t)) throw new Error(`${JSON.stringify(t)} is none of ${words.join(', ')}`);
    return t;
  });
}

/** Label sets as written in a file: any valid UTF-8 name but `__name__`, which only a page can give. */
export const labelSet = z.record(labelName, text);

function readBool(t: string): boolean {
  if (/^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/.test(t)) return true;
  if (/^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/.test(t)) return false;
  throw new Error(`${JSON.stringify(t)} is neither true nor false`);
}

function readCount(t: string): number {
  const n = Number(t);
  if (!/^\d+$/.test(t) || !Number.isSafeInteger(n))
    throw new Error(`${JSON.stringify(t)} is not a whole number from 0 up`);
  return n;
}

function readNumber(t: string): number {
  const n = Number(t);
  if (t.trim() === '' || !Number.isFinite(n)) throw new Error(`${JSON.stringify(t)} is not a number`);
  return n;
}

/** Upstream's units are powers of 1024, whether written MB or MiB. */
const SIZE_UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const;

export function readSize(t: string): number {
  if (t === '0') return 0;
  const parts = /^(\d+(?:\.\d+)?)([KMGTP]?)(?:i?B)$/.exec(t);
  if (parts === null)
    throw new Error(`${JSON.stringify(t)} is not a size; write a number and B, KB, MB, GB or TB, such as 10MB`);
  return Math.round(Number(parts[1]) * 1024 ** SIZE_UNITS.indexOf(parts[2] as (typeof SIZE_UNITS)[number]));
}

function readUrl(t: string): string {
  if (!URL.canParse(t)) throw new Error(`${JSON.stringify(t)} is not a URL`);
  return t;
}
