import { Gate, WAITING_MAX } from './gate.ts';

const soon = () => new Promise((resolve) => setImmediate(resolve));

test('those over the number wait until one leaves, first come first served', async () => {
  const gate = new Gate(1);
  const entered: string[] = [];
  const leaveFirst = await gate.enter(1000, undefined);
  const second = gate.enter(1000, undefined).then((leave) => (entered.push('second'), leave));
  const third = gate.enter(1000, undefined).then((leave) => (entered.push('third'), leave));
  await soon();
  expect(entered).toEqual([]);
  leaveFirst();
  (await second)();
  (await third)();
  expect(entered).toEqual(['second', 'third']);
});

test('who waits gives up at the timeout or when aborted, and takes no place', async () => {
  const gate = new Gate(1);
  const leave = await gate.enter(1000, undefined);
  await expect(gate.enter(1, undefined)).rejects.toMatchObject({ errorType: 'timeout' });
  const abort = new AbortController();
  const waiting = gate.enter(1000, abort.signal);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ errorType: 'canceled' });
  await expect(gate.enter(1000, abort.signal)).rejects.toMatchObject({ errorType: 'canceled' });
  leave();
  (await gate.enter(1, undefined))();
});

test('more than may wait are refused at once', async () => {
  const gate = new Gate(1);
  const leave = await gate.enter(1000, undefined);
  const abort = new AbortController();
  const waiting = Array.from({ length: WAITING_MAX }, () => gate.enter(60_000, abort.signal));
  await expect(gate.enter(60_000, undefined)).rejects.toThrow(/waiting already/);
  abort.abort();
  expect((await Promise.allSettled(waiting)).every((w) => w.status === 'rejected')).toBe(true);
  leave();
});
