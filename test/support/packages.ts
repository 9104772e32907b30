// Programs from Debian that some tests drive, and how a test says that it cannot run without one. The list is what
// `npm test` installs when it runs as root; add a line here when a new test needs another program.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface DebianPackage {
  readonly name: string;
  /** The program on PATH that shows whether it is installed. */
  readonly command: string;
}

export const debianPackages: readonly DebianPackage[] = [{ name: 'sip-tester', command: 'sipp' }];

/** What the benches measure Weir against; not needed by `npm test`. */
export const benchPackages: readonly DebianPackage[] = [
  ...debianPackages,
  { name: 'kamailio', command: 'kamailio' },
  { name: 'rtpengine-daemon', command: 'rtpengine' },
];

/** For the `skip` option of a test: false when the program is there, else the reason. */
export function missingTool(command: string): string | false {
  if (findCommand(command) !== undefined) return false;
  const name = debianPackages.find((entry) => entry.command === command)?.name ?? command;
  return `${command} is not installed: run npm test as root, or apt-get install ${name}`;
}

/** The first executable of that name on PATH; /usr/sbin is searched too, where Debian keeps daemons. */
export function findCommand(command: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, command)).find(isExecutable);
}

export function missingPackages(wanted: readonly DebianPackage[] = debianPackages): readonly DebianPackage[] {
  return wanted.filter((entry) => findCommand(entry.command) === undefined);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
