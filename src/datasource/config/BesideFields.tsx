import type { SelectableValue } from '@grafana/data';
import { FieldSet, InlineField, InlineSwitch, RadioButtonGroup } from '@grafana/ui';
import React from 'react';
import type { ConnectionOptions } from '../../shared/api/grafanaQuery.ts';
import { LABEL_WIDTH, TextField, type ConfigProps, type TextMore } from './fields.tsx';
import { NamedSecrets } from './NamedSecrets.tsx';
import { SecretField } from './SecretField.tsx';
import type { MetricsOptions } from '../options.ts';
import { tr } from '../../shared/texts/texts.ts';

type AuthMethod = NonNullable<ConnectionOptions['authMethod']>;

const AUTH_METHODS: SelectableValue<AuthMethod>[] = [
  { label: tr('None'), value: 'none' },
  { label: tr('User and password'), value: 'basic' },
  { label: tr('Bearer token'), value: 'bearer' },
  { label: 'SigV4', value: 'sigv4', description: tr('Amazon Managed Service for Prometheus') },
  { label: tr('Forward login'), value: 'forward', description: tr("Sends the OAuth identity of Grafana's user on") },
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
      <FieldSet label={tr('Server')}>
        {text('URL', options.url, (url) => onOptionsChange({ ...options, url }), {
          placeholder: 'http://localhost:9090',
          tooltip: tr('Of an Isotherm sidecar or any Prometheus-compatible server, as the Grafana server reaches it'),
        })}
        {text(tr('Scrape interval'), json.timeInterval, (timeInterval) => setJson({ timeInterval }), {
          placeholder: '15s',
          width: 12,
          tooltip: tr('The usual one; least step of queries and ground of $__rate_interval'),
        })}
        {text(tr('Timeout, seconds'), String(json.timeout ?? ''), (timeout) => setJson({ timeout }), {
          placeholder: '30',
          width: 12,
        })}
        <InlineField
          label={tr('Query method')}
          labelWidth={LABEL_WIDTH}
          disabled={options.readOnly}
          tooltip={tr('POST allows long queries; some proxies pass GET only')}
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
          tr('Extra parameters'),
          json.customQueryParameters,
          (customQueryParameters) => setJson({ customQueryParameters }),
          {
            placeholder: 'max_source_resolution=5m',
          },
        )}
      </FieldSet>
      <FieldSet label={tr('Authentication')}>
        <InlineField label={tr('Method')} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
          <RadioButtonGroup options={AUTH_METHODS} value={method} onChange={setMethod} />
        </InlineField>
        {method === 'basic' && (
          <>
            {text(tr('User'), options.basicAuthUser, (basicAuthUser) => onOptionsChange({ ...options, basicAuthUser }))}
            {secret(tr('Password'), 'basicAuthPassword', 'line')}
          </>
        )}
        {method === 'bearer' && secret(tr('Token'), 'bearerToken', 'line')}
        {method === 'sigv4' && (
          <>
            <InlineField label={tr('Keys')} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
              <RadioButtonGroup
                options={[
                  { label: tr('Written here'), value: 'keys' },
                  { label: tr("Of Grafana's environment"), value: 'default' },
                ]}
                value={json.sigV4AuthType ?? 'keys'}
                onChange={(sigV4AuthType) => setJson({ sigV4AuthType })}
              />
            </InlineField>
            {text(tr('Region'), json.sigV4Region, (sigV4Region) => setJson({ sigV4Region }), {
              placeholder: 'eu-west-1',
            })}
            {(json.sigV4AuthType ?? 'keys') === 'keys' && secret(tr('Access key'), 'sigV4AccessKey', 'line')}
            {(json.sigV4AuthType ?? 'keys') === 'keys' && secret(tr('Secret key'), 'sigV4SecretKey', 'line')}
          </>
        )}
      </FieldSet>
      <FieldSet label="TLS">
        {onOff(
          tr('Skip verification'),
          json.tlsSkipVerify,
          (tlsSkipVerify) => setJson({ tlsSkipVerify }),
          tr('For trials only: anybody in between can read and change all'),
        )}
        {onOff(
          tr('With CA certificate'),
          json.tlsAuthWithCACert,
          (tlsAuthWithCACert) => setJson({ tlsAuthWithCACert }),
          tr('For servers whose certificate comes from an authority of your own'),
        )}
        {json.tlsAuthWithCACert === true && secret(tr('CA certificate'), 'tlsCACert', 'pem')}
        {onOff(tr('Client certificate'), json.tlsAuth, (tlsAuth) => setJson({ tlsAuth }))}
        {json.tlsAuth === true && (
          <>
            {text(tr('Server name'), json.serverName, (serverName) => setJson({ serverName }), {
              placeholder: tr('as in the URL'),
            })}
            {secret(tr('Client certificate'), 'tlsClientCert', 'pem')}
            {secret(tr('Client key'), 'tlsClientKey', 'pem')}
          </>
        )}
      </FieldSet>
      <FieldSet label={tr('Headers')}>
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
