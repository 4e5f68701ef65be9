import React from 'react';
import { ENDPOINTS, PARAMS, type Endpoint } from '../../shared/api/reference.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { SearchField } from '../parts/SearchField.tsx';

/** Every endpoint with its parameters, for people; openapi.yaml has the same for programs. */
export function ApiView({ place }: { place: Place }) {
  const text = place.params.get('search') ?? '';
  const shown = ENDPOINTS.filter((endpoint) => matches(endpoint, text));
  const groups = [...new Set(shown.map(({ group }) => group))];
  return (
    <>
      <div className="api-head">
        <SearchField
          label="Search endpoints"
          placeholder="Path, purpose or parameter"
          value={text}
          onChange={(value) => setParams({ search: value === '' ? undefined : value })}
        />
        <a className="button button-small" href="./api/v1/openapi.yaml" target="_blank" rel="noreferrer">
          openapi.yaml
        </a>
      </div>
      {shown.length === 0 && <Notice kind="empty" title="No endpoint is like that" />}
      {groups.map((group) => (
        <Card key={group} title={group}>
          <ul className="api-endpoints">
            {shown
              .filter((endpoint) => endpoint.group === group)
              .map((endpoint) => (
                <EndpointItem key={endpoint.path} endpoint={endpoint} />
              ))}
          </ul>
        </Card>
      ))}
    </>
  );
}

function EndpointItem({ endpoint: { path, methods, params, summary, answer } }: { endpoint: Endpoint }) {
  const canOpen = methods.includes('GET') && !path.includes('{') && params.every((name) => !name.endsWith('!'));
  return (
    <li className="api-endpoint">
      <p className="api-endpoint-head">
        <span className="dim">{methods.join(', ')}</span>{' '}
        {canOpen ? (
          <a href={`.${path}`} target="_blank" rel="noreferrer">
            <code>{path}</code>
          </a>
        ) : (
          <code>{path}</code>
        )}
      </p>
      <p>
        {summary}
        {ANSWERS[answer] !== undefined && <span className="dim"> · {ANSWERS[answer]}</span>}
      </p>
      {params.length > 0 && (
        <ul className="api-endpoint-params">
          {params.map((param) => (
            <ParamItem key={param} param={param} />
          ))}
        </ul>
      )}
    </li>
  );
}

const ANSWERS: Partial<Record<Endpoint['answer'], string>> = {
  lines: 'lines of JSON',
  events: 'server-sent events',
  page: 'text',
  protobuf: 'protobuf',
};

function ParamItem({ param }: { param: string }) {
  const isRequired = param.endsWith('!');
  const name = isRequired ? param.slice(0, -1) : param;
  const { type, help } = PARAMS[name];
  return (
    <li title={`${type}: ${help}`}>
      <code className={isRequired ? 'param-required' : ''}>{name}</code> <span className="dim">{help}</span>
    </li>
  );
}

function matches({ path, summary, params, group }: Endpoint, text: string): boolean {
  const where = `${path} ${summary} ${params.join(' ')} ${group}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => where.includes(word));
}
