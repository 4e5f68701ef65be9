import { getBackendSrv } from '@grafana/runtime';
import { useEffect, useState } from 'react';
import { lastValueFrom } from 'rxjs';
import type { CollectCheck, CollectOptions } from '../../shared/api/grafanaQuery.ts';

/** Between the last key and the question. */
const PAUSE_MS = 250;
const NOTHING: CollectCheck = { faults: [], summary: '' };

/** What the backend finds in the settings, asked when typing pauses. Where it cannot be asked, nothing is found: saving tells. */
export function useCollectCheck(uid: string, { source, targets, config, machine }: CollectOptions): CollectCheck {
  const [check, setCheck] = useState(NOTHING);
  const asked = (source === 'config' ? config : targets) ?? '';
  useEffect(() => {
    let gone = false;
    if (asked.trim() === '') {
      setCheck(NOTHING);
      return undefined;
    }
    const timer = setTimeout(() => {
      const data = { source, [source === 'config' ? 'config' : 'targets']: asked, machine };
      const url = `/api/datasources/uid/${uid}/resources/collect/check`;
      lastValueFrom(
        getBackendSrv().fetch<{ data: CollectCheck }>({ url, method: 'POST', data, showErrorAlert: false }),
      ).then(
        (answer) => {
          if (!gone) setCheck(answer.data.data);
        },
        () => {
          if (!gone) setCheck(NOTHING);
        },
      );
    }, PAUSE_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [uid, source, asked, machine]);
  return check;
}
