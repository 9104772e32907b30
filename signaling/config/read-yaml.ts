// One YAML text as a located tree (YAML 1.2 core schema). All syntax faults come back as problems with their places. Bounded:
// aliases that expand each other ("billion laughs"), nesting and size end in a problem, not in a full memory.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { errorMessage } from '../../shared/errors.ts';
import type { Located, LocatedEntry } from './located.ts';
import type { KeyPath, Place, Problem } from './problem.ts';
import { printable } from './problem.ts';

export type YamlResult =
  | { readonly kind: 'tree'; readonly tree: Located }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

type Node = Alias | Scalar | YAMLMap | YAMLSeq;

const limits = {
  /** A configuration with 64 zones and 1000 nodes is below 1 MB. */
  bytes: 4_194_304,
  /** Expanded, aliases counted each time they are used. */
  nodes: 200_000,
  depth: 24,
  /** One missing bracket can make every later line a fault. */
  faults: 20,
};

export function readYaml(text: string, source: string): YamlResult {
  if (text.length > limits.bytes) {
    const place = { source, line: 0, column: 0 };
    return { kind: 'invalid', problems: [{ place, path: [], message: `is ${text.length} bytes, allowed: ${limits.bytes}` }] };
  }
  try {
    return new Reader(source).read(text);
  } catch (error) {
    // The parser recurses: ten thousand brackets are a full stack, not a stack trace for the operator.
    const place = { source, line: 0, column: 0 };
    return { kind: 'invalid', problems: [{ place, path: [], message: `cannot read YAML: ${printable(errorMessage(error))}` }] };
  }
}

class Reader {
  readonly #source: string;
  readonly #lines = new LineCounter();
  readonly #problems: Problem[] = [];
  readonly #anchors = new Map<string, Node>();
  /** How many aliases we are inside of. */
  #aliased = 0;
  #nodes = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(text: string): YamlResult {
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2', logLevel: 'error' });
    // Warnings are about tags and directives that are not understood: in a configuration that is a mistake.
    for (const fault of [...document.errors, ...document.warnings].slice(0, limits.faults)) {
      const message =
        fault.code === 'DUPLICATE_KEY' ? 'the key stands twice in this section' : `cannot read YAML: ${printable(fault.message)}`;
      this.#complain(fault.pos[0], [], message);
    }
    if (this.#problems.length > 0) return { kind: 'invalid', problems: this.#problems };
    const tree = this.#convert(asNode(document.contents), [], 0);
    return this.#problems.length > 0 ? { kind: 'invalid', problems: this.#problems } : { kind: 'tree', tree };
  }

  #convert(node: Node | null, path: KeyPath, near: number): Located {
    const offset = node?.range?.[0] ?? near;
    const nothing: Located = { kind: 'scalar', place: this.#place(offset), value: null, origin: 'written' };
    if (++this.#nodes > limits.nodes || path.length > limits.depth) {
      if (this.#problems.length === 0) this.#complain(offset, path, 'aliases expand to too much, or sections are nested too deep');
      return nothing;
    }
    if (isAlias(node)) return this.#alias(node.source, path, offset);
    // Read in the order of the file, so an alias means the last anchor of that name before it.
    if (node?.anchor !== undefined && this.#aliased === 0) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return { kind: 'map', place: this.#place(offset), entries: this.#entries(node.items, path) };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.#convert(asNode(item), [...path, index], offset));
      return { kind: 'list', place: this.#place(offset), items };
    }
    if (!isScalar(node)) return nothing;
    const value: unknown = node.value;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return { ...nothing, value };
    this.#complain(offset, path, 'allowed: text, a number, true or false');
    return nothing;
  }

  #alias(name: string, path: KeyPath, offset: number): Located {
    const target = this.#anchors.get(name);
    if (target === undefined) this.#complain(offset, path, `there is no anchor &${printable(name)} before this alias`);
    this.#aliased++;
    const located = this.#convert(target ?? null, path, offset);
    this.#aliased--;
    return located;
  }

  #entries(pairs: readonly Pair[], path: KeyPath): Map<string, LocatedEntry> {
    const entries = new Map<string, LocatedEntry>();
    for (const { key, value } of pairs) {
      const keyNode = asNode(key);
      const offset = keyNode?.range?.[0] ?? 0;
      if (!isScalar(keyNode) || typeof keyNode.value !== 'string') {
        this.#complain(offset, path, 'the key must be plain text');
        continue;
      }
      const name = keyNode.value;
      entries.set(name, { place: this.#place(offset), value: this.#convert(asNode(value), [...path, name], offset) });
    }
    return entries;
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { source: this.#source, line, column: col };
  }

  #complain(offset: number, path: KeyPath, message: string): void {
    this.#problems.push({ place: this.#place(offset), path, message });
  }
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}
