// What a file imports: from where, and whether anything of it is there at run time.
import { dirname, join } from 'node:path';
import { isCallExpression, isExportDeclaration, isImportDeclaration, isNamedImports, isStringLiteral } from 'typescript/unstable/ast';
import { at, type Node, type Source, SyntaxKind, textOf, walk } from './source.ts';

export interface Import {
  /** path:line of the statement. */
  readonly where: string;
  readonly from: string;
  /** As written: './x.ts', 'node:fs', 'pino'. */
  readonly specifier: string;
  /** For our own files the path from the root, else undefined. */
  readonly target: string | undefined;
  /** Only types: gone at run time. */
  readonly typeOnly: boolean;
  /** What it takes by name; empty when it takes all. */
  readonly names: readonly string[];
}

export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  const add = (node: Node, specifier: string, typeOnly: boolean, names: readonly string[] = []): void => {
    const target = specifier.startsWith('.') ? join(dirname(source.path), specifier) : undefined;
    found.push({ where: at(source, node), from: source.path, specifier, target, typeOnly, names });
  };
  walk(source, (node) => {
    if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, isTypeOnly(source, node), namesOf(node));
    }
    if (isExportDeclaration(node) && node.moduleSpecifier !== undefined && isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, node.isTypeOnly);
    }
    if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
      const [module] = node.arguments;
      if (module !== undefined && isStringLiteral(module)) add(node, module.text, false);
    }
  });
  return found;
}

function isTypeOnly(source: Source, node: Node): boolean {
  if (!isImportDeclaration(node)) return false;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (/^import\s+type\b/.test(textOf(source, node))) return true;
  const bindings = clause.namedBindings;
  if (clause.name !== undefined || bindings === undefined || !isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function namesOf(node: Node): readonly string[] {
  const bindings = isImportDeclaration(node) ? node.importClause?.namedBindings : undefined;
  if (bindings === undefined || !isNamedImports(bindings)) return [];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}
