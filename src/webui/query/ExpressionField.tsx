import React, { useState } from 'react';
import { formatExpr } from '../../shared/promql/format.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { PromqlEditor } from '../../ui/PromqlEditor.tsx';
import { setParams } from '../location.ts';
import { Icon } from '../parts/Icon.tsx';
import { paramOf } from './queries.ts';
import { rememberQuery } from './recent.ts';

interface ExpressionFieldProps {
  readonly index: number;
  readonly expr: string;
  /** Asks again when the expression is the one that was asked before. */
  readonly onRun: () => void;
  /** undefined for the only query. */
  readonly onRemove: (() => void) | undefined;
}

export function ExpressionField({ index, expr, onRun, onRemove }: ExpressionFieldProps) {
  // What is typed counts until another expression comes into the address.
  const [typed, setTyped] = useState({ over: expr, text: expr });
  const draft = typed.over === expr ? typed.text : expr;
  const setDraft = (text: string) => setTyped({ over: expr, text });
  const run = () => {
    const text = draft.trim();
    rememberQuery(text);
    setTyped({ over: text, text });
    if (text === expr) onRun();
    else
      setParams(
        {
          [paramOf('expr', index)]: text === '' && index === 0 ? undefined : text,
          [paramOf('view', index)]: undefined,
        },
        'push',
      );
  };
  return (
    <div className="expression">
      <div className="expression-field">
        <PromqlEditor
          label={index === 0 ? 'PromQL expression' : `PromQL expression ${index + 1}`}
          placeholder="A PromQL expression, such as up"
          value={draft}
          onChange={setDraft}
          onRun={run}
          remote={{ url: new URL('.', document.baseURI).href.replace(/\/$/, '') }}
        />
      </div>
      <div className="expression-buttons">
        <button type="button" className="button" onClick={() => setDraft(formatted(draft))}>
          Format
        </button>
        <button type="button" className="button button-main" onClick={run}>
          Run
        </button>
        {onRemove !== undefined && (
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove query ${index + 1}`}
            title="Remove this query"
            onClick={onRemove}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
    </div>
  );
}

/** The expression as it is usually written; what cannot be read stays as it is. */
function formatted(text: string): string {
  try {
    return formatExpr(parseExpr(text));
  } catch {
    return text; // The editor marks the fault.
  }
}
