// `weir check`: tells whether a configuration is sound, without starting anything. Exit code 0 or 1.
import type { Command } from 'commander';
import { effectiveYaml } from '../config/effective.ts';
import { loadConfig } from '../config/load.ts';
import { exitCode } from './exit-code.ts';
import { type ConfigFlags, countText, findConfig, noConfig, printProblems } from './find-config.ts';

interface Flags extends ConfigFlags {
  readonly printEffective?: boolean;
}

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check a configuration without starting')
    .option('-c, --config <file>', 'configuration file (default: WEIR_CONFIG, WEIR_CONFIG_BODY, /etc/weir/weir.yaml)')
    .option('--print-effective', 'print the configuration with overrides and defaults filled in, secrets masked')
    .addHelpText('after', '\nExit codes: 0 sound, 1 not. Problems go to standard error as file:line:column: key: what is wrong.')
    .action((flags: Flags) => {
      process.exitCode = check(flags);
    });
}

function check(flags: Flags): number {
  const source = findConfig(flags, process.env);
  if (source === undefined) {
    console.error(`weir check: ${noConfig}`);
    return exitCode.failed;
  }
  const result = loadConfig({ source, env: process.env, wallClock: Date.now });
  printProblems(result.kind === 'invalid' ? result.problems : [], result.warnings);
  if (result.kind === 'invalid') {
    console.error(`${countText(result.problems.length, 'error')}, ${countText(result.warnings.length, 'warning')}`);
    return exitCode.failed;
  }
  if (flags.printEffective === true) console.log(effectiveYaml(result.config, result.secretPaths).trimEnd());
  else console.log(`${result.sources.join(', ')}: sound, ${countText(result.warnings.length, 'warning')}`);
  return exitCode.ok;
}
