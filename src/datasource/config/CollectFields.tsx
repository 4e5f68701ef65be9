import type { GrafanaTheme2 } from '@grafana/data';
import { FieldSet, InlineField, InlineSwitch, RadioButtonGroup, TextArea, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import React, { useRef } from 'react';
import type { CollectFault, CollectOptions } from '../../shared/api/grafanaQuery.ts';
import { LABEL_WIDTH, TextField, type ConfigProps } from './fields.tsx';
import { NamedSecrets } from './NamedSecrets.tsx';
import { useCollectCheck } from './useCollectCheck.ts';
import { tr } from '../../shared/texts/texts.ts';

const SOURCES = [
  { label: tr('Targets'), value: 'targets' as const, description: tr('A list of addresses') },
  {
    label: 'prometheus.yml',
    value: 'config' as const,
    description: tr('A whole configuration, with discovery and rules'),
  },
];
const TARGETS_EXAMPLE = 'localhost:8000\nvllm = http://10.0.0.7:8000/metrics, http://10.0.0.8:8000/metrics';
const CONFIG_EXAMPLE =
  'scrape_configs:\n  - job_name: model-service\n    static_configs:\n      - targets: [localhost:8000]';

/** What is scraped and kept by the data source itself; checked by the backend while it is typed. */
export function CollectFields(props: ConfigProps): React.JSX.Element {
  const { options, onOptionsChange } = props;
  const json = options.jsonData;
  const collect = json.collect ?? {};
  const set = (part: Partial<CollectOptions>) =>
    onOptionsChange({ ...options, jsonData: { ...json, mode: 'collect', collect: { ...collect, ...part } } });
  const source = collect.source ?? 'targets';
  const key = source === 'config' ? 'config' : 'targets';
  const text = collect[key] ?? '';
  return (
    <>
      <FieldSet label={tr('What to scrape')}>
        <InlineField label={tr('Given as')} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
          <RadioButtonGroup options={SOURCES} value={source} onChange={(value) => set({ source: value })} />
        </InlineField>
        <CheckedText
          label={source === 'config' ? 'prometheus.yml' : tr('Targets')}
          placeholder={source === 'config' ? CONFIG_EXAMPLE : TARGETS_EXAMPLE}
          text={text}
          disabled={options.readOnly === true}
          uid={options.uid}
          collect={collect}
          onChange={(value) => set({ [key]: value })}
        />
        {source === 'config' && (
          <NamedSecrets
            what="Secret"
            nameKey="collectSecretName"
            valueKey="collectSecretValue"
            placeholder="NAME, used as ${NAME} above"
            {...props}
          />
        )}
        {source === 'targets' && (
          <>
            <TextField
              label={tr('Scrape interval')}
              value={json.timeInterval}
              placeholder="15s"
              width={12}
              disabled={options.readOnly}
              onChange={(timeInterval) => onOptionsChange({ ...options, jsonData: { ...json, timeInterval } })}
            />
            <InlineField
              label={tr('This machine too')}
              labelWidth={LABEL_WIDTH}
              tooltip={tr(
                "CPU, memory, disk and network of the machine that Grafana runs on, under node_exporter's names",
              )}
              disabled={options.readOnly}
            >
              <InlineSwitch
                aria-label={tr('This machine too')}
                value={collect.machine !== false}
                onChange={(event) => set({ machine: event.currentTarget.checked })}
              />
            </InlineField>
          </>
        )}
      </FieldSet>
      <FieldSet label={tr('Storage and pages')}>
        <TextField
          label={tr('Keep for')}
          value={collect.retention}
          placeholder="15d"
          width={12}
          tooltip={tr('Older samples are deleted')}
          disabled={options.readOnly}
          onChange={(retention) => set({ retention })}
        />
        <TextField
          label={tr('Pages listen on')}
          value={collect.listen}
          placeholder={tr('127.0.0.1, a free port')}
          tooltip={tr(
            "host:port of the data source's own pages and API, such as :9090 to let other machines in; nobody is asked for a password there",
          )}
          disabled={options.readOnly}
          onChange={(listen) => set({ listen })}
        />
      </FieldSet>
    </>
  );
}

interface CheckedTextProps {
  readonly label: string;
  readonly placeholder: string;
  readonly text: string;
  readonly disabled: boolean;
  readonly uid: string;
  readonly collect: CollectOptions;
  readonly onChange: (text: string) => void;
}

/** A text with what is wrong in it below; a click on a fault goes to its place. */
function CheckedText({
  label,
  placeholder,
  text,
  disabled,
  uid,
  collect,
  onChange,
}: CheckedTextProps): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  const field = useRef<HTMLTextAreaElement>(null);
  const check = useCollectCheck(uid, collect);
  const goTo = ({ line, column }: CollectFault) => {
    const before = text.split('\n').slice(0, line - 1);
    const at = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    field.current?.focus();
    field.current?.setSelectionRange(at, at);
  };
  return (
    <div className={styles.checked}>
      <TextArea
        ref={field}
        aria-label={label}
        className={styles.text}
        rows={Math.min(24, Math.max(4, text.split('\n').length + 1))}
        spellCheck={false}
        placeholder={placeholder}
        disabled={disabled}
        invalid={check.faults.length > 0}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <div role="status" aria-label={tr('Check of {0}', label)} className={styles.status}>
        {check.faults.map((fault, i) => (
          <button key={i} type="button" className={styles.fault} onClick={() => goTo(fault)}>
            {fault.line > 0 ? `line ${fault.line}, column ${fault.column}: ` : ''}
            {fault.why}
          </button>
        ))}
        {check.faults.length === 0 && check.summary !== '' && <span className={styles.good}>✓ {check.summary}</span>}
      </div>
    </div>
  );
}

function stylesOf({ colors, spacing, typography }: GrafanaTheme2) {
  return {
    checked: css({ maxWidth: 720, marginBottom: spacing(1) }),
    text: css({ fontFamily: typography.fontFamilyMonospace, whiteSpace: 'pre', overflowX: 'auto' }),
    status: css({ minHeight: spacing(3), paddingTop: spacing(0.5) }),
    fault: css({
      display: 'block',
      padding: 0,
      textAlign: 'left',
      color: colors.error.text,
      background: 'none',
      border: 'none',
      '&:hover': { textDecoration: 'underline' },
    }),
    good: css({ color: colors.success.text }),
  };
}
