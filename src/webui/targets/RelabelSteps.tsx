import React from 'react';
import { visible } from '../../shared/model/visible.ts';
import { useFetched } from '../api/useFetched.ts';
import { LabelChips } from '../parts/LabelChips.tsx';
import { Notice } from '../parts/Card.tsx';
import { changesOf, fetchSteps, ruleText } from './relabel.ts';
import type { LabelRecord, RelabelStep } from './relabel.ts';

/** From the labels of discovery to those of the target, with each rule that stands between. */
export function RelabelSteps({ pool, discovered }: { pool: string; discovered: LabelRecord }) {
  const steps = useFetched(`${pool} ${JSON.stringify(discovered)}`, (signal) => fetchSteps(pool, discovered, signal));
  return (
    <div className="relabel">
      <section>
        <h3>Discovered as</h3>
        <LabelChips labels={discovered} />
      </section>
      <section>
        <h3>Rules</h3>
        {steps.error !== undefined && <Notice kind="error" title={steps.error.message} />}
        {steps.data === undefined && steps.error === undefined && <p className="dim">Asking …</p>}
        {steps.data?.length === 0 && <p className="dim">The job has no relabel_configs.</p>}
        {steps.data !== undefined && steps.data.length > 0 && <StepList steps={steps.data} from={discovered} />}
      </section>
    </div>
  );
}

function StepList({ steps, from }: { steps: readonly RelabelStep[]; from: LabelRecord }) {
  return (
    <ol className="relabel-steps">
      {steps.map((step, i) => (
        <li key={i} className={step.keep ? '' : 'relabel-dropped'}>
          <code>{visible(ruleText(step.rule))}</code>
          <StepOutcome step={step} before={i === 0 ? from : steps[i - 1].output} />
        </li>
      ))}
    </ol>
  );
}

function StepOutcome({ step, before }: { step: RelabelStep; before: LabelRecord }) {
  if (!step.keep) return <span className="badge badge-bad">dropped here</span>;
  const changes = changesOf(before, step.output);
  if (changes.length === 0) return <span className="dim">changes nothing</span>;
  return (
    <span className="label-chips">
      {changes.map(({ label, before: old, after }) => (
        <code key={label} className={after === undefined ? 'label-gone' : 'label-new'}>
          {visible(label)}={visible(after ?? old ?? '')}
        </code>
      ))}
    </span>
  );
}
