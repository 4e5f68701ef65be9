import React, { useState } from 'react';
import { shortened } from '../../shared/model/visible.ts';
import type { ApiSavedQuery } from '../../shared/api/status.ts';
import { ask, send } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { setParams } from '../location.ts';
import { Icon } from '../parts/Icon.tsx';

const fetchSaved = async (signal: AbortSignal) =>
  (await ask<readonly ApiSavedQuery[]>('saved_queries', {}, signal)).data;

/** Queries that are kept on the server, for all who use it. */
export function SavedList() {
  const [version, setVersion] = useState(0);
  const saved = useFetched(`saved ${version}`, fetchSaved);
  if (saved.error !== undefined) return <p className="action-fault">{saved.error.message}</p>;
  if (saved.data === undefined || saved.data.length === 0) return null;
  return (
    <section className="examples">
      <h3>Saved on this server</h3>
      <ul>
        {saved.data.map(({ name, query }) => (
          <li key={name} className="saved-item">
            <button type="button" onClick={() => setParams({ expr: query }, 'push')}>
              <bdi className="saved-name">{shortened(name)}</bdi>
              <code>{shortened(query, 400)}</code>
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Forget ${shortened(name)}`}
              title="Forget"
              onClick={() => void send('saved_queries/remove', { name }).finally(() => setVersion(version + 1))}
            >
              <Icon name="close" size={13} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Keeps an expression on the server under a name. */
export function SaveButton({ expr }: { expr: string }) {
  const [name, setName] = useState<string>();
  const [said, setSaid] = useState('');
  const save = async () => {
    try {
      await send('saved_queries/save', { name: name!.trim(), query: expr });
      setName(undefined);
      setSaid('Saved');
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  if (name === undefined) {
    return (
      <>
        <span role="status" className="dim">
          {said}
        </span>
        <button
          type="button"
          className="button button-small"
          onClick={() => {
            setSaid('');
            setName('');
          }}
        >
          Save
        </button>
      </>
    );
  }
  return (
    <form
      className="save-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        className="input input-name"
        aria-label="Name of the saved query"
        placeholder="Name"
        autoFocus
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setName(undefined)}
      />
      <button type="submit" className="button button-small" disabled={name.trim() === ''}>
        Save
      </button>
      {said !== '' && said !== 'Saved' && (
        <span className="action-fault" role="alert">
          {said}
        </span>
      )}
    </form>
  );
}
