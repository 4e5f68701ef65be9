/** Durations as upstream writes them: `1h30m`, `15s`, `500ms`, `0`. */
const UNIT_MS = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const SHAPE = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNITS = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const;

/**
 * Milliseconds of a duration.
 *
 * @throws Error that says what is wrong with the text and how to write it.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const parts = SHAPE.exec(text);
  if (text === '' || parts === null) throw new Error(durationFault(text));
  let ms = 0;
  for (let i = 0; i < UNITS.length; i++) if (parts[i + 1] !== undefined) ms += Number(parts[i + 1]) * UNIT_MS[UNITS[i]];
  return ms;
}

function durationFault(text: string): string {
  const say = (why: string) => `not a duration: ${JSON.stringify(text)}; ${why}`;
  if (text === '') return say('write a number and a unit, such as 15s');
  if (/^\d+$/.test(text)) return say(`the unit is missing: write ${text}s for seconds`);
  const decimal = /^(\d+)\.(\d+)(ms|[smhdwy])$/.exec(text);
  if (decimal !== null) {
    const ms = Number(`${decimal[1]}.${decimal[2]}`) * UNIT_MS[decimal[3] as keyof typeof UNIT_MS];
    return say(
      ms >= 1 && Number.isInteger(ms)
        ? `decimals are not allowed: write ${formatDuration(ms)}`
        : 'decimals are not allowed',
    );
  }
  if (/^(\d+(ms|[smhdwy]))+$/.test(text)) return say('units go from large to small, each once: y w d h m s ms');
  return say('write numbers with the units y w d h m s ms, large to small, such as 1h30m');
}

/** The shortest text that parses back to the same milliseconds. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const unit of UNITS) {
    // Years and weeks only where they go in evenly, as upstream prints them.
    if ((unit === 'y' || unit === 'w') && rest % UNIT_MS[unit] !== 0) continue;
    const count = Math.floor(rest / UNIT_MS[unit]);
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * UNIT_MS[unit];
  }
  return text;
}
