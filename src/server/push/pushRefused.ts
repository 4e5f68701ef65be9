/** A push that is not taken, with the status and the text that its client gets. Codes and beginnings of texts are the Pushgateway's. */
export class PushRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'PushRefused';
    this.status = status;
  }
}

/** A push that can be read and contradicts itself or what is there: its group remembers that it failed. */
export class InconsistentPush extends PushRefused {
  constructor(why: string) {
    super(400, `pushed metrics are invalid or inconsistent with existing metrics: ${why}`);
    this.name = 'InconsistentPush';
  }
}
