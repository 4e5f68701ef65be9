import { DataHoverClearEvent, DataHoverEvent, type EventBus } from '@grafana/data';
import { useCallback, useEffect, useId, useState } from 'react';

export interface CursorSync {
  /** Milliseconds: where the pointer is in another panel. */
  readonly crosshairTime?: number;
  /** Tells the other panels where the pointer is here; undefined when it left. */
  readonly tell: (time: number | undefined) => void;
}

/** The shared crosshair of a dashboard. Grafana decides by the dashboard's setting who hears whom. */
export function useCursorSync(eventBus: EventBus | undefined): CursorSync {
  const [crosshairTime, setCrosshairTime] = useState<number>();
  // Our own events come back to us; they carry this mark.
  const self = useId();
  useEffect(() => {
    if (eventBus === undefined || DataHoverEvent === undefined) return undefined;
    const hover = eventBus.getStream(DataHoverEvent).subscribe(({ payload }) => {
      if (payload?.dataId === self) return;
      const time = payload?.point?.time;
      setCrosshairTime(typeof time === 'number' ? time : undefined);
    });
    const clear = eventBus.getStream(DataHoverClearEvent).subscribe(() => setCrosshairTime(undefined));
    return () => {
      hover.unsubscribe();
      clear.unsubscribe();
    };
  }, [eventBus, self]);
  const tell = useCallback(
    (time: number | undefined) => {
      if (eventBus === undefined || DataHoverEvent === undefined) return;
      if (time === undefined) eventBus.publish(new DataHoverClearEvent());
      else eventBus.publish(new DataHoverEvent({ point: { time }, dataId: self }));
    },
    [eventBus, self],
  );
  return { crosshairTime, tell };
}
