/**
 * Kinds of faults of a page, by what this program and Prometheus (3.14, or 2.42) say of it. Texts differ and may; what is wrong with a page is to be the
 * same. The first row that fits counts.
 */
const KINDS: readonly (readonly [kind: string, ours: RegExp, theirs: RegExp])[] = [
  ['no content type', /no Content-Type/, /blank Content-Type/],
  ['unknown content type', /unknown Content-Type/, /unsupported Content-Type/],
  ['no end of the page', /does not end with # EOF/, /does not end with # EOF/],
  ['text behind the end', /nothing may follow # EOF/, /unexpected data after # EOF/],
  [
    'not UTF-8',
    /not valid UTF-8/,
    /invalid UTF-8|not a valid utf8|invalid metric name: .*\ufffd|invalid help for|invalid label (?:name|value): .*\ufffd/,
  ],
  [
    'no label name',
    /a label name is empty|a label of .* has no name/,
    /invalid metric name or label names: \{""=|^invalid label name: *$/,
  ],
  [
    'no metric name',
    /has no (?:metric )?name|metric name is empty/,
    /metric name not set|missing metric name|invalid metric name: *$/,
  ],
  ['two metric names', /though there is one/, /metric name already set/],
  ['label twice', /stands twice|is there twice/, /is not unique/],
  ['type', /is not a metric type|metric type \d+ is unknown/, /invalid metric type|unknown metric type/],
  ['unit', /not the end of the metric's name/, /not a suffix of metric/],
  ['help', /expected one space, a text/, /expected text in HELP/],
  ['name of a declaration', /expected a metric name:/, /expected metric name after/],
  ['start of a line', /expected a metric name or #|expected # HELP/, /(?:expected|is not) a valid start token/],
  ['exemplar', /one space and the exemplar’s value/, /after exemplar labels/],
  [
    'number',
    /expected a number as (?:the exemplar’s )?value/,
    /ParseFloat|unsupported character in float|expected value after metric/,
  ],
  [
    'time',
    /expected a time|end after the time/,
    /expected timestamp|expected next entry after timestamp|invalid timestamp/,
  ],
  [
    'label value',
    /expected a label value|closing double quote is missing/,
    /expected label value|invalid UTF-8 label value/,
  ],
  [
    'label name',
    /expected a label name|expected = after|expected , or }/,
    /expected label name|expected equal|expected comma or (?:brace close|left brace)/,
  ],
  [
    'length of a message',
    /expected the length of a message|bytes long and the page ends/,
    /clientpb: (?:invalid varint|insufficient length)|protobufparse: insufficient length/,
  ],
  ['message', /protobuf field|protobuf wire type|protobuf message ends/, /illegal (?:tag|wireType)|unexpected EOF/],
];

/** What Prometheus 2 finds in place of faults that it does not know. */
const BEFORE_3: Readonly<Record<string, readonly string[]>> = {
  // Every page that is no other format is text to it.
  'unknown content type': ['start of a line'],
  // A line that does not begin with a name is none, and a name in quotes is none either.
  'no metric name': ['start of a line'],
  'two metric names': ['start of a line', 'label name'],
  'no label name': ['label name'],
};

/** Whether a Prometheus of a major version has found the same as we: the kinds as `faultKind` gives them. */
export function isSameKind(ours: string, theirs: string, major: number): boolean {
  return ours === theirs || (major < 3 && (BEFORE_3[ours]?.includes(theirs) ?? false));
}

/** The kind of a fault of ours, of theirs; the text itself for one that no row knows, so that it equals nothing. */
export function faultKind(who: 'ours' | 'theirs', fault: string): string {
  if (fault === '') return '';
  const row = KINDS.find(([, ours, theirs]) => (who === 'ours' ? ours : theirs).test(fault));
  return row?.[0] ?? `${who}: ${fault}`;
}
