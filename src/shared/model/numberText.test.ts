import { formatFixed, readGoFloat } from './numberText.ts';

describe('numbers as Go reads them', () => {
  const ok = (text: string, value: number) =>
    test(`${JSON.stringify(text)} is ${value}`, () => expect(readGoFloat(text)).toBe(value));
  const bad = (text: string) =>
    test(`${JSON.stringify(text)} is none`, () => expect(readGoFloat(text)).toBeUndefined());
  ok('.5', 0.5);
  ok('5.', 5);
  ok('-1_000', -1000);
  ok('1e1_0', 1e10);
  ok('1e-400', 0);
  ok('0x1p0', 1);
  ok('-0X1.8p1', -3);
  ok('0x_1p1_0', 1024);
  ok('0x.8p0', 0.5);
  ok('nan', NaN);
  ok('+Infinity', Infinity);
  ok('-inf', -Infinity);
  bad('');
  bad('.');
  bad(' 1');
  bad('1__0');
  bad('1_e1');
  bad('_1');
  bad('1e');
  bad('0x1');
  bad('0xp0');
  bad('0b1');
  bad('-nan');
  bad('infi');
  bad('1e400');
  bad('0x1p2000');
});

describe('numbers as %f writes them', () => {
  const ok = (v: number, text: string) => test(`${v} is ${text}`, () => expect(formatFixed(v)).toBe(text));
  ok(0.5, '0.500000');
  ok(-0, '-0.000000');
  ok(-1e-9, '-0.000000');
  ok(1e21, '1000000000000000000000.000000');
  ok(-Infinity, '-Inf');
  ok(NaN, 'NaN');
});
