import type { DataSourcePluginOptionsEditorProps, SelectableValue } from '@grafana/data';
import {
  Button,
  FieldSet,
  InlineField,
  InlineFieldRow,
  InlineSwitch,
  Input,
  RadioButtonGroup,
  TextArea,
} from '@grafana/ui';
import React from 'react';
import type { ConnectionOptions } from '../shared/api/grafanaQuery.ts';
import type { MetricsOptions } from './options.ts';

type Secrets = Record<string, string>;
type Props = DataSourcePluginOptionsEditorProps<MetricsOptions, Secrets>;
type AuthMethod = NonNullable<ConnectionOptions['authMethod']>;

const LABEL_WIDTH = 24;
const FIELD_WIDTH = 48;
const HEADERS_MAX = 20;

const AUTH_METHODS: SelectableValue<AuthMethod>[] = [
  { label: 'None', value: 'none' },
  { label: 'User and password', value: 'basic' },
  { label: 'Bearer token', value: 'bearer' },
  { label: 'Forward login', value: 'forward', description: "Sends the OAuth identity of Grafana's user on" },
];

/** The data source's settings page. Secrets go to Grafana's secure store only and are never read back. */
export function ConfigEditor({ options, onOptionsChange }: Props): React.JSX.Element {
  const json = options.jsonData;
  const setJson = (part: Partial<MetricsOptions>) => onOptionsChange({ ...options, jsonData: { ...json, ...part } });
  const method: AuthMethod = json.authMethod ?? (options.basicAuth ? 'basic' : 'none');
  const setMethod = (authMethod: AuthMethod) =>
    onOptionsChange({
      ...options,
      basicAuth: authMethod === 'basic',
      jsonData: { ...json, authMethod, oauthPassThru: authMethod === 'forward' },
    });
  const text = (label: string, value: string | undefined, set: (value: string) => void, more: TextMore = {}) => (
    <InlineField label={label} labelWidth={LABEL_WIDTH} tooltip={more.tooltip} disabled={options.readOnly}>
      <Input
        aria-label={label}
        width={more.width ?? FIELD_WIDTH}
        value={value ?? ''}
        placeholder={more.placeholder}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </InlineField>
  );
  const onOff = (label: string, value: boolean | undefined, set: (value: boolean) => void, tooltip?: string) => (
    <InlineField label={label} labelWidth={LABEL_WIDTH} tooltip={tooltip} disabled={options.readOnly}>
      <InlineSwitch aria-label={label} value={value === true} onChange={(event) => set(event.currentTarget.checked)} />
    </InlineField>
  );
  const secret = (label: string, key: string, kind: 'line' | 'pem') => (
    <SecretField label={label} name={key} kind={kind} options={options} onOptionsChange={onOptionsChange} />
  );
  return (
    <div data-testid="isotherm-config-editor">
      <FieldSet label="Server">
        {text('URL', options.url, (url) => onOptionsChange({ ...options, url }), {
          placeholder: 'http://localhost:9090',
          tooltip: 'Of an Isotherm sidecar or any Prometheus-compatible server, as the Grafana server reaches it',
        })}
        {text('Scrape interval', json.timeInterval, (timeInterval) => setJson({ timeInterval }), {
          placeholder: '15s',
          width: 12,
          tooltip: 'The usual one; least step of queries and ground of $__rate_interval',
        })}
        {text('Timeout, seconds', String(json.timeout ?? ''), (timeout) => setJson({ timeout }), {
          placeholder: '30',
          width: 12,
        })}
        <InlineField
          label="Query method"
          labelWidth={LABEL_WIDTH}
          disabled={options.readOnly}
          tooltip="POST allows long queries; some proxies pass GET only"
        >
          <RadioButtonGroup
            options={[
              { label: 'POST', value: 'POST' as const },
              { label: 'GET', value: 'GET' as const },
            ]}
            value={json.httpMethod ?? 'POST'}
            onChange={(httpMethod) => setJson({ httpMethod })}
          />
        </InlineField>
        {text(
          'Extra parameters',
          json.customQueryParameters,
          (customQueryParameters) => setJson({ customQueryParameters }),
          {
            placeholder: 'max_source_resolution=5m',
          },
        )}
      </FieldSet>
      <FieldSet label="Authentication">
        <InlineField label="Method" labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
          <RadioButtonGroup options={AUTH_METHODS} value={method} onChange={setMethod} />
        </InlineField>
        {method === 'basic' && (
          <>
            {text('User', options.basicAuthUser, (basicAuthUser) => onOptionsChange({ ...options, basicAuthUser }))}
            {secret('Password', 'basicAuthPassword', 'line')}
          </>
        )}
        {method === 'bearer' && secret('Token', 'bearerToken', 'line')}
      </FieldSet>
      <FieldSet label="TLS">
        {onOff(
          'Skip verification',
          json.tlsSkipVerify,
          (tlsSkipVerify) => setJson({ tlsSkipVerify }),
          'For trials only: anybody in between can read and change all',
        )}
        {onOff(
          'With CA certificate',
          json.tlsAuthWithCACert,
          (tlsAuthWithCACert) => setJson({ tlsAuthWithCACert }),
          'For servers whose certificate comes from an authority of your own',
        )}
        {json.tlsAuthWithCACert === true && secret('CA certificate', 'tlsCACert', 'pem')}
        {onOff('Client certificate', json.tlsAuth, (tlsAuth) => setJson({ tlsAuth }))}
        {json.tlsAuth === true && (
          <>
            {text('Server name', json.serverName, (serverName) => setJson({ serverName }), {
              placeholder: 'as in the URL',
            })}
            {secret('Client certificate', 'tlsClientCert', 'pem')}
            {secret('Client key', 'tlsClientKey', 'pem')}
          </>
        )}
      </FieldSet>
      <Headers options={options} onOptionsChange={onOptionsChange} />
    </div>
  );
}

interface TextMore {
  readonly placeholder?: string;
  readonly tooltip?: string;
  readonly width?: number;
}

interface SecretFieldProps extends Props {
  readonly label: string;
  readonly name: string;
  readonly kind: 'line' | 'pem';
}

/** A secret that is set shows nothing of it, only that it is there and how to replace it. */
function SecretField({ label, name, kind, options, onOptionsChange }: SecretFieldProps): React.JSX.Element {
  const { secureJsonFields = {}, secureJsonData = {} } = options;
  const set = (value: string) => onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, [name]: value } });
  if (secureJsonFields[name] === true) {
    const reset = () =>
      onOptionsChange({
        ...options,
        secureJsonFields: { ...secureJsonFields, [name]: false },
        secureJsonData: { ...secureJsonData, [name]: '' },
      });
    return (
      <InlineFieldRow>
        <InlineField label={label} labelWidth={LABEL_WIDTH} disabled>
          <Input aria-label={label} width={FIELD_WIDTH - 10} value="configured" />
        </InlineField>
        <Button variant="secondary" type="button" onClick={reset} disabled={options.readOnly}>
          Reset
        </Button>
      </InlineFieldRow>
    );
  }
  return (
    <InlineField label={label} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
      {kind === 'line' ? (
        <Input
          aria-label={label}
          type="password"
          autoComplete="new-password"
          width={FIELD_WIDTH}
          value={secureJsonData[name] ?? ''}
          onChange={(event) => set(event.currentTarget.value)}
        />
      ) : (
        <TextArea
          aria-label={label}
          rows={6}
          cols={64}
          placeholder="-----BEGIN …"
          value={secureJsonData[name] ?? ''}
          onChange={(event) => set(event.currentTarget.value)}
        />
      )}
    </InlineField>
  );
}

/** Headers as all of Grafana's data sources keep them: names in plain sight under a number, values among the secrets under the same number. */
function Headers({ options, onOptionsChange }: Props): React.JSX.Element {
  const json = options.jsonData as MetricsOptions & Record<string, unknown>;
  const numbers = Object.keys(json)
    .map((key) => Number(/^httpHeaderName(\d+)$/.exec(key)?.[1] ?? NaN))
    .filter((n) => !Number.isNaN(n))
    .sort((a, b) => a - b);
  const setName = (n: number, name: string | undefined) => {
    const jsonData = { ...json, [`httpHeaderName${n}`]: name };
    if (name !== undefined) return onOptionsChange({ ...options, jsonData });
    delete jsonData[`httpHeaderName${n}`];
    return onOptionsChange({
      ...options,
      jsonData,
      secureJsonFields: { ...options.secureJsonFields, [`httpHeaderValue${n}`]: false },
      secureJsonData: { ...options.secureJsonData, [`httpHeaderValue${n}`]: '' },
    });
  };
  return (
    <FieldSet label="Headers">
      {numbers.map((n) => (
        <div key={n}>
          <InlineFieldRow>
            <InlineField label="Header" labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
              <Input
                aria-label={`Header ${n}`}
                width={FIELD_WIDTH - 10}
                placeholder="X-Scope-OrgID"
                value={String(json[`httpHeaderName${n}`] ?? '')}
                onChange={(event) => setName(n, event.currentTarget.value)}
              />
            </InlineField>
            <Button variant="secondary" type="button" disabled={options.readOnly} onClick={() => setName(n, undefined)}>
              Remove
            </Button>
          </InlineFieldRow>
          <SecretField
            label="Value"
            name={`httpHeaderValue${n}`}
            kind="line"
            options={options}
            onOptionsChange={onOptionsChange}
          />
        </div>
      ))}
      <Button
        variant="secondary"
        type="button"
        disabled={options.readOnly || numbers.length >= HEADERS_MAX}
        onClick={() => setName((numbers[numbers.length - 1] ?? 0) + 1, '')}
      >
        Add header
      </Button>
    </FieldSet>
  );
}
