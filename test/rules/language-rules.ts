// Rules about the language: what TypeScript offers and this code does without, because it hides mistakes or needs more than
// erasing types to run.
import {
  isAsExpression,
  isClassDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isIdentifier,
  isPropertyAccessExpression,
} from 'typescript/unstable/ast';
import { isProduct } from './layers.ts';
import { at, type Node, type Source, SyntaxKind, textOf, walk } from './source.ts';

export function languageFaults(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    const faults: string[] = [];
    walk(source, (node) => {
      const fault = faultOf(source, node);
      if (fault !== undefined) faults.push(`${at(source, node)} ${fault}`);
    });
    return faults;
  });
}

function faultOf(source: Source, node: Node): string | undefined {
  const everywhere = faultAnywhere(node);
  if (everywhere !== undefined || !isProduct(source.path)) return everywhere;
  if (node.kind === SyntaxKind.NonNullExpression) return 'says "!": check it, or make it impossible';
  if (isAsExpression(node) && !isConstAssertion(source, node) && !saysCast(source, node))
    return 'casts with "as" and no comment "cast: why"';
  if (node.kind === SyntaxKind.TypeAssertionExpression) return 'casts with <>';
  if (isClassDeclaration(node)) return inheritance(source, node);
  if (!isIdentifier(node) || node.text !== 'console' || source.path.startsWith('signaling/cli/')) return undefined;
  return isPropertyAccessExpression(node.parent) && node.parent.expression === node ? 'uses console: log it' : undefined;
}

function faultAnywhere(node: Node): string | undefined {
  if (node.kind === SyntaxKind.AnyKeyword) return 'says "any"';
  if (node.kind === SyntaxKind.EnumDeclaration) return 'declares an enum';
  if (node.kind === SyntaxKind.ModuleDeclaration) return 'declares a namespace';
  if (node.kind === SyntaxKind.Decorator) return 'uses a decorator';
  if (node.kind === SyntaxKind.DefaultKeyword && node.parent.kind !== SyntaxKind.DefaultClause) return 'exports a default';
  if (isExportAssignment(node)) return 'exports a default';
  // A type that belongs to a function's signature may be handed on beside it.
  if (isExportDeclaration(node) && node.moduleSpecifier !== undefined && !node.isTypeOnly) return 'exports what another file exports';
  const hides = node.kind === SyntaxKind.PrivateKeyword || node.kind === SyntaxKind.ProtectedKeyword;
  return hides && node.parent.kind !== SyntaxKind.Constructor ? 'says private: use #' : undefined;
}

function isConstAssertion(source: Source, node: Node): boolean {
  return /\bas\s+const$/.test(textOf(source, node));
}

/** The one cast at a parse edge says why it holds, on its own line or the one above. */
function saysCast(source: Source, node: Node): boolean {
  const lines = source.text.split('\n');
  const end = source.tree.getLineAndCharacterOfPosition(node.getEnd()).line;
  return [lines[end], lines[end - 1]].some((line) => line?.includes('cast:') === true);
}

/** Errors are the one family of classes. */
function inheritance(source: Source, node: Node): string | undefined {
  if (!isClassDeclaration(node)) return undefined;
  const parents = (node.heritageClauses ?? []).filter((clause) => clause.token === SyntaxKind.ExtendsKeyword);
  const parent = parents.flatMap((clause) => clause.types.map((type) => textOf(source, type))).at(0);
  return parent === undefined || /Error$/.test(parent) ? undefined : `inherits from ${parent}`;
}
