// Pure code neither does I/O nor reads a clock nor waits nor throws dice; it holds for the pure folders and for all that they
// import at run time. What a program can only get from outside comes as an argument.
import {
  isBindingElement,
  isIdentifier,
  isImportSpecifier,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isParameterDeclaration,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isVariableDeclaration,
} from 'typescript/unstable/ast';
import { importsOf } from './imports.ts';
import { pureFolders } from './layers.ts';
import { at, type Node, type Source, SyntaxKind, walk } from './source.ts';

const forbiddenNames = new Set(
  'Date performance process console fetch crypto globalThis global require WebSocket MessageChannel Worker navigator'
    .split(' ')
    .concat('setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask structuredClone'.split(' ')),
);
/** Builtin modules, or names of them, without a window to the outside. */
const pureModules = new Set(['node:buffer', 'node:util', 'node:assert', 'node:assert/strict']);
const pureNames: ReadonlyMap<string, readonly string[]> = new Map([['node:net', ['isIP', 'isIPv4', 'isIPv6']]]);

export function purityFaults(sources: readonly Source[]): readonly string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Map<string, string>();
  const queue = sources.filter((source) => pureFolders.some((folder) => source.path.startsWith(`${folder}/`)));
  for (const source of queue) reached.set(source.path, '');
  const faults: string[] = [];
  for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
    const because = reached.get(source.path) ?? '';
    faults.push(...namesUsed(source).map((fault) => fault + because));
    for (const { where, specifier, target, typeOnly, names } of importsOf(source)) {
      if (typeOnly) continue;
      if (target === undefined) {
        if (specifier.startsWith('node:') && !isPureModule(specifier, names)) faults.push(`${where} imports ${specifier}${because}`);
        continue;
      }
      const next = byPath.get(target);
      if (next === undefined || reached.has(target)) continue;
      reached.set(target, ` (imported by pure ${source.path})`);
      queue.push(next);
    }
  }
  return faults;
}

function isPureModule(specifier: string, names: readonly string[]): boolean {
  const pure = pureNames.get(specifier);
  return pureModules.has(specifier) || (pure !== undefined && names.length > 0 && names.every((name) => pure.includes(name)));
}

function namesUsed(source: Source): readonly string[] {
  const faults: string[] = [];
  const declared = new Set<string>();
  const used: { readonly name: string; readonly where: string }[] = [];
  walk(source, (node) => {
    if (node.kind === SyntaxKind.AwaitExpression || node.kind === SyntaxKind.AsyncKeyword) faults.push(`${at(source, node)} waits`);
    if (!isIdentifier(node)) return;
    const role = roleOf(node);
    if (role === 'declared') declared.add(node.text);
    if (role === 'used' && forbiddenNames.has(node.text)) used.push({ name: node.text, where: at(source, node) });
    if (role === 'member' && node.text === 'random' && isMathMember(node)) faults.push(`${at(source, node)} uses Math.random`);
  });
  // A parameter or variable of its own that is called `crypto` is not the global one.
  return [...faults, ...used.filter(({ name }) => !declared.has(name)).map(({ name, where }) => `${where} uses ${name}`)];
}

function roleOf(node: Node): 'declared' | 'member' | 'type' | 'used' {
  const { parent } = node;
  if (isPropertyAccessExpression(parent) && parent.name === node) return 'member';
  if (parent.kind === SyntaxKind.TypeReference) return 'type';
  const declares = isParameterDeclaration(parent) || isVariableDeclaration(parent) || isImportSpecifier(parent) || isBindingElement(parent);
  if (declares && parent.name === node) return 'declared';
  if (isBindingElement(parent) && parent.propertyName === node) return 'member';
  const isKey =
    isPropertyAssignment(parent) ||
    isPropertyDeclaration(parent) ||
    isPropertySignatureDeclaration(parent) ||
    isMethodDeclaration(parent) ||
    isMethodSignatureDeclaration(parent);
  return isKey && parent.name === node ? 'member' : 'used';
}

function isMathMember(node: Node): boolean {
  const { parent } = node;
  return isPropertyAccessExpression(parent) && isIdentifier(parent.expression) && parent.expression.text === 'Math';
}
