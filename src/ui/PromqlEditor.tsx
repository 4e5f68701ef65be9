import React, { useLayoutEffect, useRef } from 'react';
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands';
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { linter, type Diagnostic } from '@codemirror/lint';
import { EditorState, Prec, type Extension } from '@codemirror/state';
import { EditorView, drawSelection, keymap, placeholder, tooltips } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension, type CompleteConfiguration } from '@prometheus-io/codemirror-promql';
import { PromqlError } from '../shared/promql/errors.ts';
import { parseExpr } from '../shared/promql/parser.ts';

export interface PromqlEditorProps {
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Enter; Shift-Enter makes a new line. */
  readonly onRun: () => void;
  /** Names the field for screen readers. */
  readonly label: string;
  readonly placeholder?: string;
  /** Where names of metrics and labels are asked for; read once. */
  readonly remote: CompleteConfiguration['remote'];
  /** What is checked in place of the text, where it holds more than PromQL (variables of a dashboard); of the same length, so that places agree. */
  readonly readable?: (text: string) => string;
}

/**
 * A field for one PromQL expression, with completion and faults shown where they are.
 * It lives in a shadow root: there the editor's styles are adopted sheets, which a strict content policy allows, and the page's do not reach it.
 * Colours are the page's variables --text, --dim, --accent, --raised, --line, --bad …, which do reach it.
 */
export function PromqlEditor(props: PromqlEditorProps): React.JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  useLayoutEffect(() => {
    const element = host.current!;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const promql = new PromQLExtension().activateLinter(false).setComplete({ remote: latest.current.remote });
    const made = new EditorView({
      parent: root,
      root,
      state: EditorState.create({ doc: latest.current.value, extensions: extensions(latest, promql) }),
    });
    view.current = made;
    return () => {
      made.destroy();
      promql.destroy();
    };
  }, []);
  useLayoutEffect(() => {
    const editor = view.current;
    if (editor === undefined || editor.state.doc.toString() === props.value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } });
  }, [props.value]);
  return <div ref={host} className="promql-editor" />;
}

function extensions(latest: React.MutableRefObject<PromqlEditorProps>, promql: PromQLExtension): Extension[] {
  return [
    Prec.high(
      keymap.of([
        { key: 'Enter', run: () => (latest.current.onRun(), true) },
        { key: 'Shift-Enter', run: insertNewlineAndIndent },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': latest.current.label, spellcheck: 'false', autocapitalize: 'off' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange(update.state.doc.toString());
    }),
    placeholder(latest.current.placeholder ?? ''),
    tooltips({ position: 'fixed' }),
    promql.asExtension(),
    linter((editor) => faults((latest.current.readable ?? String)(editor.state.doc.toString())), { delay: 400 }),
    syntaxHighlighting(HIGHLIGHT),
    LOOK,
  ];
}

/** The fault of an expression, at its place; an empty field has none. */
function faults(text: string): Diagnostic[] {
  if (text.trim() === '') return [];
  try {
    parseExpr(text);
    return [];
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    const to = Math.min(text.length, Math.max(error.to, error.from + 1));
    const message = error.hint === '' ? error.reason : `${error.reason}; ${error.hint}`;
    return [{ from: Math.min(error.from, to), to, severity: 'error', message }];
  }
}

const HIGHLIGHT = HighlightStyle.define([
  { tag: [tags.function(tags.variableName), tags.standard(tags.variableName)], color: 'var(--syntax-function)' },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--syntax-keyword)' },
  { tag: [tags.string], color: 'var(--syntax-string)' },
  { tag: [tags.number, tags.literal], color: 'var(--syntax-number)' },
  { tag: tags.labelName, color: 'var(--syntax-label)' },
  { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
  { tag: [tags.operator, tags.punctuation, tags.paren, tags.brace], color: 'var(--dim)' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

const LOOK = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'transparent', fontSize: '14px', maxHeight: '220px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { padding: '7px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-placeholder': { color: 'var(--faint)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--accent-soft)',
  },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', color: 'inherit' },
  '.cm-tooltip': {
    border: '0',
    borderRadius: '8px',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    boxShadow: 'var(--shadow-pop)',
    fontFamily: 'var(--font)',
    fontSize: '12px',
    overflow: 'hidden',
    zIndex: '40',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '260px', padding: '4px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', borderRadius: '5px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--text)' },
  '.cm-completionDetail': { color: 'var(--dim)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-completionMatchedText': { color: 'var(--accent)', textDecoration: 'none', fontWeight: '600' },
  '.cm-completionInfo': { padding: '8px 10px', maxWidth: '340px', overflow: 'visible' },
  '.cm-diagnostic': { padding: '6px 10px', borderLeft: '3px solid var(--bad)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textUnderlineOffset: '4px',
  },
});
