// The source files as syntax trees, for the rules. Uses TypeScript's own parser (its API is marked unstable: this is the one
// file that knows it). `snippets` gives the same for invented files, with which each rule is shown to bite.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import type { FileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';

export type { Node };
export { SyntaxKind };

export interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: SourceFile;
}

export const root = fileURLToPath(new URL('../..', import.meta.url));
const snippetRoot = '/snippets/';

/** Every TypeScript file of the product and the tests; declarations (.d.ts) are not ours to style. */
export function readSources(): readonly Source[] {
  return parse(new API({ cwd: root }), root, (path) => readFileSync(path, 'utf8'));
}

/** Sets of invented files, each as if it were a repository of its own. One call for many: the parser is a process. */
export function snippets(sets: readonly Readonly<Record<string, string>>[]): readonly (readonly Source[])[] {
  const files = sets.flatMap((set, index) => Object.entries(set).map(([path, text]) => [`${snippetRoot}${index}/${path}`, text] as const));
  const options = { module: 'nodenext', target: 'esnext', allowImportingTsExtensions: true, noEmit: true, types: [] };
  const all = new Map<string, string>(files).set(
    `${snippetRoot}tsconfig.json`,
    JSON.stringify({ compilerOptions: options, include: ['**/*.ts'] }),
  );
  const ours = (path: string): boolean => `${path}/`.startsWith(snippetRoot);
  const fs: FileSystem = {
    readFile: (path) => all.get(path) ?? (ours(path) ? null : undefined),
    fileExists: (path) => (ours(path) ? all.has(path) : undefined),
    directoryExists: (path) => (ours(path) ? true : undefined),
    getAccessibleEntries: (path) => (ours(path) ? entriesOf([...all.keys()], path) : undefined),
  };
  const sources = parse(new API({ cwd: snippetRoot, fs }), snippetRoot, (path) => all.get(path) ?? '');
  return sets.map((_, index) =>
    sources.flatMap((source) => (source.path.startsWith(`${index}/`) ? [{ ...source, path: source.path.slice(`${index}/`.length) }] : [])),
  );
}

/** `path:line` of a node. */
export function at(source: Source, node: Node): string {
  const position = node.getStart(source.tree);
  return `${source.path}:${source.tree.getLineAndCharacterOfPosition(position).line + 1}`;
}

/** Calls `visit` for every node below the file, parents first. */
export function walk(source: Source, visit: (node: Node) => void): void {
  const descend = (node: Node): void => {
    visit(node);
    // forEachChild stops at the first true value: give it none.
    node.forEachChild((child) => {
      descend(child);
      return undefined;
    });
  };
  descend(source.tree);
}

export function textOf(source: Source, node: Node): string {
  return source.text.slice(node.getStart(source.tree), node.getEnd());
}

function parse(api: API, directory: string, read: (path: string) => string): readonly Source[] {
  const snapshot = api.updateSnapshot({ openProjects: [`${directory.replace(/\/$/, '')}/tsconfig.json`] });
  try {
    const project = snapshot.getProjects()[0];
    if (project === undefined) throw new Error(`No tsconfig.json in ${directory}`);
    return project.rootFiles.flatMap((file) => {
      const tree = project.program.getSourceFile(file);
      return tree === undefined || file.endsWith('.d.ts') ? [] : [{ path: relative(directory, file), text: read(file), tree }];
    });
  } finally {
    snapshot.dispose();
    api.close();
  }
}

function entriesOf(paths: readonly string[], directory: string): { files: string[]; directories: string[] } {
  const below = paths.filter((path) => path.startsWith(`${directory.replace(/\/$/, '')}/`));
  const names = below.map((path) => path.slice(directory.replace(/\/$/, '').length + 1));
  const files = names.filter((name) => !name.includes('/'));
  const directories = new Set(names.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))));
  return { files, directories: [...directories] };
}
