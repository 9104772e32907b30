// `weir run`: loads the configuration, starts the application and keeps it until a signal ends it; with --supervise in a child
// process that is started again when it dies. What a signal does stands in run-loop.ts.
import { type Command, Option } from 'commander';
import { errorMessage, WeirError } from '../../shared/errors.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { type LoadResult, loadConfig } from '../config/load.ts';
import { formatPath, formatPlace } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { type OpenLog, openLog } from '../log/pino-log.ts';
import { exitCode } from './exit-code.ts';
import { type ConfigFlags, countText, findConfig, noConfig, printProblems } from './find-config.ts';
import { Reloader } from './reloader.ts';
import { RunLoop } from './run-loop.ts';
import type { StartApp } from './running-app.ts';
import { superviseRun } from './supervise-run.ts';

interface Flags extends ConfigFlags {
  readonly logFormat?: Config['log']['format'];
  readonly logLevel?: Config['log']['level'];
  readonly supervise?: boolean;
}

export function addRunCommand(program: Command, start: StartApp): void {
  program
    .command('run')
    .description('run Weir in the foreground')
    .option('-c, --config <file>', 'configuration file (default: WEIR_CONFIG, WEIR_CONFIG_BODY, /etc/weir/weir.yaml)')
    .option('--demo', 'without -c, WEIR_CONFIG and WEIR_CONFIG_BODY: run the embedded demo on loopback')
    .addOption(new Option('--log-format <format>', 'overrides log.format').choices(['json', 'pretty']))
    .addOption(new Option('--log-level <level>', 'overrides log.level').choices(['debug', 'info', 'warn', 'error']))
    .option('--supervise', 'run in a child process and start it again when it dies')
    .addHelpText('after', signalHelp)
    .action(async (flags: Flags) => process.exit(await run(flags, start)));
}

const signalHelp = `
Signals: SIGTERM takes no new calls and ends with the last one (limits.drainMs); a second SIGTERM, or SIGINT, ends at once.
SIGHUP reads the configuration again; what is wrong with it is logged, and the old one stays.
Exit codes: ${exitCode.ok} ended by a signal, ${exitCode.failed} could not start or broke down, ${exitCode.config} the configuration is wrong.`;

const demoPorts =
  'the demo wants the ports 5060, 5061, 5080 and 5090 of 127.0.0.1: free them, or choose others with WEIR__zones__0__listeners__0__port=15060 and so on';

async function run(flags: Flags, start: StartApp): Promise<number> {
  const source = findConfig(flags, process.env);
  if (source === undefined) {
    console.error(`weir run: ${noConfig}; or try weir run --demo`);
    return exitCode.config;
  }
  const loaded = loadConfig({ source, env: process.env, wallClock: Date.now });
  if (loaded.kind === 'invalid') {
    printProblems(loaded.problems, loaded.warnings);
    console.error(`weir run: ${countText(loaded.problems.length, 'error')} in the configuration`);
    return exitCode.config;
  }
  const config = withLogFlags(loaded.config, flags);
  const output = openLog(config.log);
  try {
    if (flags.supervise === true) return await superviseRun(output.log);
    return await runApp({ flags, source, loaded, config, output, start });
  } finally {
    output.flush();
  }
}

interface Run {
  readonly flags: Flags;
  readonly source: ConfigSource;
  readonly loaded: LoadResult & { kind: 'loaded' };
  readonly config: Config;
  readonly output: OpenLog;
  readonly start: StartApp;
}

async function runApp({ flags, source, loaded, config, output, start }: Run): Promise<number> {
  const { log } = output;
  const mode = source.kind === 'demo' ? 'demo' : 'configured';
  dieOnUncaught(output);
  for (const { place, path, message } of loaded.warnings) {
    log.warn({ place: formatPlace(place), key: formatPath(path), reason: message }, 'config-warning');
  }
  const loop = new RunLoop({ log, drainMs: config.limits.drainMs, now: () => performance.now() });
  // Before the start: a signal that comes while it lasts must not be lost, nor kill halfway.
  loop.listen(process);
  try {
    const app = await Promise.race([start(config, { log, mode }), loop.abandoned]);
    if (app === undefined) return exitCode.failed;
    const load = (): LoadResult => loadConfig({ source, env: process.env, wallClock: Date.now });
    const reloader = new Reloader({ app, log, config, load: () => mapConfig(load(), flags), setLevel: output.setLevel });
    return await loop.run(app, reloader);
  } catch (thrown) {
    // A WeirError says all there is to say; anything else is a fault of ours and needs its stack.
    const hint = mode === 'demo' && thrown instanceof WeirError && thrown.code === 'listen-failed' ? { hint: demoPorts } : {};
    if (thrown instanceof WeirError) log.error({ code: thrown.code, reason: thrown.message, ...hint }, 'start-failed');
    else log.error({ err: thrown instanceof Error ? thrown : new Error(errorMessage(thrown)) }, 'start-failed');
    return exitCode.failed;
  } finally {
    loop.ignore(process);
  }
}

/** An error nobody caught leaves a state nobody knows: say it, end, and let the supervisor start anew. */
function dieOnUncaught({ log, flush }: OpenLog): void {
  const die = (event: string) => (thrown: unknown) => {
    log.error({ fatal: true, err: thrown instanceof Error ? thrown : new Error(String(thrown)) }, event);
    flush();
    process.exit(exitCode.failed);
  };
  process.on('uncaughtException', die('uncaught-exception'));
  process.on('unhandledRejection', die('unhandled-rejection'));
}

function withLogFlags(config: Config, { logFormat, logLevel }: Flags): Config {
  const { log } = config;
  return { ...config, log: { ...log, format: logFormat ?? log.format, level: logLevel ?? log.level } };
}

function mapConfig(result: LoadResult, flags: Flags): LoadResult {
  return result.kind === 'loaded' ? { ...result, config: withLogFlags(result.config, flags) } : result;
}
