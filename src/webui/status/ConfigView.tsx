import React from 'react';
import { visibleLines } from '../../shared/model/visible.ts';
import { ask, send } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { ActionButton } from '../parts/ActionButton.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { StatusCard } from './StatusCard.tsx';
import { useStatus } from './useStatus.ts';

export function ConfigView({ now }: { now: number }) {
  const config = useStatus<{ yaml: string }>('config', now);
  const canReload = useFetched(
    'features',
    async (signal) =>
      (await ask<{ api?: { lifecycle?: boolean } }>('features', {}, signal)).data.api?.lifecycle === true,
  );
  return (
    <StatusCard
      title="Configuration"
      fetched={config}
      tools={
        <>
          <span className="dim">secrets are hidden</span>
          {canReload.data === true && <ActionButton label="Reload the file" act={() => send('../../-/reload')} />}
          <CopyButton label="Copy" text={() => config.data?.yaml ?? ''} />
        </>
      }
    >
      {({ yaml }) => (
        <pre className="code-block config" tabIndex={0} aria-label="Configuration">
          {visibleLines(yaml)
            .split('\n')
            .map((line, i) => (
              <YamlLine key={i} line={line} />
            ))}
        </pre>
      )}
    </StatusCard>
  );
}

const YAML_LINE = /^(\s*(?:- )*)([^\s#'"[{][^:]*:)(?=\s|$)(.*)$/;

/** Keys in another colour than values: enough to find one's way. */
function YamlLine({ line }: { line: string }) {
  const parts = YAML_LINE.exec(line);
  if (parts === null) return <>{`${line}\n`}</>;
  const [, indent, key, value] = parts;
  return (
    <>
      {indent}
      <span className="yaml-key">{key}</span>
      {`${value}\n`}
    </>
  );
}
