import { helpText, parseCommand } from './command.ts';
import { FLAGS } from './flagTable.ts';
import { USAGES } from './usages.ts';

const served = (...args: string[]) => {
  const command = parseCommand(args);
  if (command.kind !== 'serve') throw new Error(`not serve: ${command.kind}`);
  return command.parsed;
};

describe('commands', () => {
  test('flags alone serve', () => expect(served('--log.level=warn').flags['log.level']).toBe('warn'));
  test('nothing at all serves with the defaults', () => {
    const { flags, texts, notices } = served();
    expect(flags['web.listen-address']).toBe('127.0.0.1:9090');
    expect(flags['query.timeout']).toBe(120_000);
    expect(flags['query.max-samples']).toBe(50_000_000);
    expect(flags['collector.machine']).toBe(false);
    expect(texts['query.lookback-delta']).toBe('5m');
    expect(notices).toEqual([]);
  });
  test.each([
    [['version'], 'version'],
    [['--version'], 'version'],
    [['-h'], 'help'],
    [['serve', '--help'], 'help'],
    [['check', 'config', 'a.yml'], 'check'],
    [['check', 'metrics'], 'check'],
    [['tsdb', 'dump', '--match=up', 'data'], 'tsdb'],
  ])('%j is %s', (args, kind) => expect(parseCommand(args).kind).toBe(kind));
});

describe('flags', () => {
  test.each([
    [['--config.file=a.yml'], 'config.file', 'a.yml'],
    [['--config.file', 'a.yml'], 'config.file', 'a.yml'],
    [['--config.file='], 'config.file', ''],
    [['--web.external-url=http://h/?a=b'], 'web.external-url', 'http://h/?a=b'],
    [['--web.enable-lifecycle'], 'web.enable-lifecycle', true],
    [['--web.enable-lifecycle', '--log.level=debug'], 'web.enable-lifecycle', true],
    [['--no-web.enable-lifecycle'], 'web.enable-lifecycle', false],
    [['--web.enable-lifecycle=false'], 'web.enable-lifecycle', false],
    [['--no-web.enable-admin-api'], 'web.enable-admin-api', false],
    [['--workers=0'], 'workers', 0],
    [['--storage.tsdb.retention.time=1d12h'], 'storage.tsdb.retention.time', 129_600_000],
    [['--storage.tsdb.retention.size=1.5GB'], 'storage.tsdb.retention.size', 1_610_612_736],
    [['--enable-feature=a,b', '--enable-feature=c'], 'enable-feature', ['a', 'b', 'c']],
  ] as const)('%j sets %s', (args, name, value) => expect(served(...args).flags[name]).toEqual(value));

  test.each([
    [['--web.listen-adress=:1'], /did you mean --web\.listen-address\?/],
    [['--retention.time=1d'], /did you mean --storage\.tsdb\.retention\.time\?/],
    [['--frobnicate'], /isotherm help lists/],
    [['-config.file=a'], /two dashes: write --config\.file/],
    [['--config.file'], /needs a value/],
    [['--query.timeout=2'], /write 2s/],
    [['--query.max-samples=lots'], /write a whole number, 1 or more/],
    [['--query.max-concurrency=0'], /1 or more/],
    [['--storage.tsdb.retention.size=5'], /is not a size; write/],
    [['--workers=1.5'], /write a whole number, 0 or more/],
    [['--workers='], /write a whole number/],
    [['--auto-gomemlimit.ratio=x'], /write a number/],
    [['--log.level=loud'], /debug, info, warn, error/],
    [['--workers=1', '--workers=2'], /given twice/],
    [['--no-web.enable-lifecycle=true'], /takes no value/],
    [['run'], /unknown command run/],
    [['serve', 'extra'], /unexpected argument extra/],
    [['check', 'config'], /isotherm check config FILE/],
    [['--constructor'], /unknown flag/],
  ])('%j is refused', (args, why) => expect(() => parseCommand(args)).toThrow(why));

  test('a harmless flag without effect is told', () => {
    expect(served('--auto-gomaxprocs=false').notices).toEqual([
      '--auto-gomaxprocs has no effect: it tunes the Go runtime, and this server runs on Node',
    ]);
  });
  test('help names every flag and command', () => {
    const help = helpText();
    for (const name of [...Object.keys(FLAGS), ...Object.keys(USAGES)]) expect(help).toContain(name);
  });
  const commandsOf = (...args: string[]) => {
    const command = parseCommand(args);
    if (command.kind !== 'help') throw new Error(`not help: ${command.kind}`);
    return [...helpText(command.of).matchAll(/^  isotherm (\S+(?: [a-z]+\b)?)/gm)].map(([, words]) => words);
  };
  const all = commandsOf('help');
  test.each([
    [['tsdb', 'export', 'data', '--help'], ['tsdb export']],
    [['help', 'tsdb'], all.filter((words) => words.startsWith('tsdb'))],
    [
      ['check', '--format=x', '-h'],
      ['check config', 'check rules', 'check metrics'],
    ],
    [['tsdb', 'frobnicate', '-h'], all.filter((words) => words.startsWith('tsdb'))],
    [['test', '-h'], ['test rules']],
    [['frobnicate', '--help'], all],
    [['--config.file', 'a.yml', '--help'], all],
    [['serv', '--help'], all],
  ])('help of %j tells of that alone', (args, expected) => {
    expect(commandsOf(...args)).toEqual(expected);
    expect(commandsOf(...args).length).toBeGreaterThan(0);
  });
  test('flags are listed where the server is', () => {
    expect(helpText(['serve'])).toContain('--config.file');
    expect(helpText(['tsdb', 'stats'])).not.toContain('--config.file');
  });
});
