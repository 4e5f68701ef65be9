import type { SelectableValue } from '@grafana/data';
import { FieldSet, InlineField, InlineSwitch, RadioButtonGroup } from '@grafana/ui';
import React from 'react';
import type { ConnectionOptions } from '../../shared/api/grafanaQuery.ts';
import { LABEL_WIDTH, TextField, type ConfigProps, type TextMore } from './fields.tsx';
import { NamedSecrets } from './NamedSecrets.tsx';
import { SecretField } from './SecretField.tsx';
import type { MetricsOptions } from '../options.ts';

type AuthMethod = NonNullable<ConnectionOptions['authMethod']>;

const AUTH_METHODS: SelectableValue<AuthMethod>[] = [
  { label: 'None', value: 'none' },
  { label: 'User and password', value: 'basic' },
  { label: 'Bearer token', value: 'bearer' },
  { label: 'SigV4', value: 'sigv4', description: 'Amazon Managed Service for Prometheus' },
  { label: 'Forward login', value: 'forward', description: "Sends the OAuth identity of Grafana's user on" },
];

/** A server beside Grafana: where it is, and how to be let in. */
export function BesideFields({ options, onOptionsChange }: ConfigProps): React.JSX.Element {
  const json = options.jsonData;
  const setJson = (part: Partial<MetricsOptions>) => onOptionsChange({ ...options, jsonData: { ...json, ...part } });
  const method: AuthMethod =
    json.authMethod ?? (json.sigV4Auth === true ? 'sigv4' : options.basicAuth ? 'basic' : 'none');
  const setMethod = (authMethod: AuthMethod) =>
    onOptionsChange({
      ...options,
      basicAuth: authMethod === 'basic',
      jsonData: { ...json, authMethod, oauthPassThru: authMethod === 'forward', sigV4Auth: authMethod === 'sigv4' },
    });
  const text = (label: string, value: string | undefined, set: (value: string) => void, more: TextMore = {}) => (
    <TextField label={label} value={value} disabled={options.readOnly} onChange={set} {...more} />
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
    <>
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
        {method === 'sigv4' && (
          <>
            <InlineField label="Keys" labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
              <RadioButtonGroup
                options={[
                  { label: 'Written here', value: 'keys' },
                  { label: "Of Grafana's environment", value: 'default' },
                ]}
                value={json.sigV4AuthType ?? 'keys'}
                onChange={(sigV4AuthType) => setJson({ sigV4AuthType })}
              />
            </InlineField>
            {text('Region', json.sigV4Region, (sigV4Region) => setJson({ sigV4Region }), { placeholder: 'eu-west-1' })}
            {(json.sigV4AuthType ?? 'keys') === 'keys' && secret('Access key', 'sigV4AccessKey', 'line')}
            {(json.sigV4AuthType ?? 'keys') === 'keys' && secret('Secret key', 'sigV4SecretKey', 'line')}
          </>
        )}
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
      <FieldSet label="Headers">
        <NamedSecrets
          what="Header"
          nameKey="httpHeaderName"
          valueKey="httpHeaderValue"
          placeholder="X-Scope-OrgID"
          options={options}
          onOptionsChange={onOptionsChange}
        />
      </FieldSet>
    </>
  );
}
