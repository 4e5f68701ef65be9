/** Which grammar a page is in, by its Content-Type, with Prometheus 3's rules: what is not known is refused unless a fallback is set. */
import type { ScrapeProtocol } from '../config/config.ts';
import type { PageFormat } from './entryCursor.ts';

const FORMATS: Readonly<Record<string, PageFormat>> = {
  'text/plain': 'text',
  'application/openmetrics-text': 'openMetrics',
  'application/vnd.google.protobuf': 'protobuf',
};

/**
 * @param contentType the header as received; undefined if there is none.
 * @throws Error that says what came and what to set.
 */
export function pageFormat(contentType: string | undefined, fallback: ScrapeProtocol | undefined): PageFormat {
  const mediaType = contentType?.split(';', 1)[0].trim().toLowerCase() ?? '';
  const format = Object.hasOwn(FORMATS, mediaType) ? FORMATS[mediaType] : undefined;
  if (format !== undefined) return format;
  if (fallback === 'PrometheusProto') return 'protobuf';
  if (fallback !== undefined) return fallback.startsWith('OpenMetrics') ? 'openMetrics' : 'text';
  const seen = mediaType === '' ? 'no Content-Type' : `the unknown Content-Type ${JSON.stringify(contentType)}`;
  throw new Error(
    `the answer has ${seen}; is this the metrics page? If it is, set fallback_scrape_protocol: PrometheusText0.0.4 for the job`,
  );
}
