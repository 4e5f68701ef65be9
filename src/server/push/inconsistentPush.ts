import { RequestRefused } from '../../shared/api/requestRefused.ts';

/** A push that can be read and contradicts itself or what is there: its group remembers that it failed. */
export class InconsistentPush extends RequestRefused {
  constructor(why: string) {
    super(400, `pushed metrics are invalid or inconsistent with existing metrics: ${why}`);
    this.name = 'InconsistentPush';
  }
}
