// The command line of Weir: which commands there are. Each stands in its own file; what `run` starts is handed in by main.ts.
import { Command } from 'commander';
import { addCallCommand } from './call.ts';
import { addCheckCommand } from './check.ts';
import { addRunCommand } from './run.ts';
import type { StartApp } from './running-app.ts';
import { readVersion } from './version.ts';

export function buildProgram(start: StartApp): Command {
  const program = new Command('weir');
  program
    .description('Weir, an edge session border controller with its own media relay')
    .version(`weir ${readVersion()}, Node.js ${process.versions.node}`, '-V, --version')
    .showHelpAfterError('(weir --help tells the commands, weir COMMAND --help the options)');
  addRunCommand(program, start);
  addCheckCommand(program);
  addCallCommand(program);
  return program;
}
