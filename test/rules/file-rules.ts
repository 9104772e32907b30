// Rules about files: length, name, the comment at their head, words that promise work for later, and paths of one machine.
import { basename } from 'node:path';

export interface TextFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const longest = 400;
const isCode = (path: string): boolean => /\.(ts|js)$/.test(path);
const isOurs = (path: string): boolean => /^(shared|media|signaling|test|deploy)\//.test(path);

export function lengthFaults(files: readonly TextFile[]): readonly string[] {
  return files
    .filter(({ path }) => isCode(path))
    .flatMap(({ path, text }) => {
      const lines = text.trimEnd().split('\n').length;
      return lines > longest ? [`${path}:${longest + 1} has ${lines} lines, allowed: ${longest}`] : [];
    });
}

export function nameFaults(files: readonly TextFile[]): readonly string[] {
  const word = /^[a-z0-9]+(-[a-z0-9]+)*$/;
  return files
    .filter(({ path }) => isOurs(path) && isCode(path))
    .filter(({ path }) => {
      const name = basename(path).replace(/(\.test|\.d)?\.(ts|js)$/, '');
      return (
        !word.test(name) ||
        !path
          .split('/')
          .slice(0, -1)
          .every((folder) => word.test(folder))
      );
    })
    .map(({ path }) => `${path}:1 is not kebab-case`);
}

/** Tests tell by their names what they are. */
export function headFaults(files: readonly TextFile[]): readonly string[] {
  return files
    .filter(({ path }) => isOurs(path) && isCode(path) && !path.endsWith('.test.ts'))
    .filter(({ text }) => !/^(#!.*\n)?(\/\/ |\/\*\*?)/.test(text))
    .map(({ path }) => `${path}:1 does not begin with a comment that says what it is`);
}

// In pieces, so that this file does not find itself.
const laterWords = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
const machinePaths = new RegExp(
  `/wo${'rk'}/(main|shared)|/tmp/we${'ir'}/|/ro${'ot'}/|contracts${'\\.'}md|shared/(design|style|security|conventions)\\.md`,
);

export function wordFaults(files: readonly TextFile[]): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const later = laterWords.exec(line)?.[0];
      if (later !== undefined) return [`${path}:${index + 1} says ${later}: do it, or write down why not`];
      const place = machinePaths.exec(line)?.[0];
      return place === undefined ? [] : [`${path}:${index + 1} names ${place}, which is not part of the product`];
    }),
  );
}
