import { silentLog } from '../telemetry/log.ts';
import type { Notice } from './notice.ts';
import { SendQueue, type QueueLimits } from './sendQueue.ts';

const notices = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ generatorUrl: String(from + i) }) as Notice);

/** A receiver that takes a request when told to. */
class Receiver {
  readonly taken: string[][] = [];
  #waiting: (() => void)[] = [];
  isDown = false;
  send = async (batch: readonly Notice[]) => {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.isDown) throw new Error('down');
    this.taken.push(batch.map(({ generatorUrl }) => generatorUrl));
  };
  async answer(): Promise<void> {
    this.#waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const queueTo = (receiver: Receiver, limits: Partial<QueueLimits> = {}) =>
  new SendQueue({ capacity: 5, batchSize: 2, drains: true, ...limits }, receiver.send, silentLog);

test('notices go out in batches, in order', async () => {
  const receiver = new Receiver();
  const queue = queueTo(receiver);
  queue.add(notices(0, 3));
  await receiver.answer();
  await receiver.answer();
  expect(receiver.taken).toEqual([['0', '1'], ['2']]);
  expect(queue.counts).toMatchObject({ sent: 3, errors: 0, dropped: 0 });
});

test('when more wait than there is room for, the oldest give way', async () => {
  const receiver = new Receiver();
  const queue = queueTo(receiver);
  queue.add(notices(0, 2));
  queue.add(notices(2, 9));
  expect(queue.length).toBe(5);
  for (let i = 0; i < 4; i++) await receiver.answer();
  expect(receiver.taken.flat()).toEqual(['0', '1', '4', '5', '6', '7', '8']);
  expect(queue.counts).toMatchObject({ sent: 7, dropped: 2 });
});

test('what a receiver does not take is dropped and counted, and the rest goes on', async () => {
  const receiver = new Receiver();
  const queue = queueTo(receiver);
  receiver.isDown = true;
  queue.add(notices(0, 4));
  await receiver.answer();
  receiver.isDown = false;
  await receiver.answer();
  expect(receiver.taken).toEqual([['2', '3']]);
  expect(queue.counts).toMatchObject({ sent: 2, errors: 2, dropped: 2 });
});

test.each([
  [true, ['0', '1', '2', '3'], 0],
  [false, ['0', '1'], 2],
])('closing (drains: %s) sends %j', async (drains, sent, dropped) => {
  const receiver = new Receiver();
  const queue = queueTo(receiver, { drains });
  queue.add(notices(0, 4));
  const closed = queue.close();
  await receiver.answer();
  await receiver.answer();
  await closed;
  expect(receiver.taken.flat()).toEqual(sent);
  expect(queue.counts.dropped).toBe(dropped);
  queue.add(notices(9, 10));
  expect(queue.length).toBe(0);
});
