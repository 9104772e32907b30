// ${VAR}, ${VAR:-default} and ${file:/run/secrets/x} inside the scalars of a configuration; $${ stands for a plain ${.
// It works on the parsed tree, not on the text: a value can never become YAML structure.
import { errorMessage } from '../../shared/errors.ts';
import { type Located, type LocatedScalar, mapScalars } from './located.ts';
import { type KeyPath, type Problem, printable } from './problem.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws when the file cannot be read. */
  readFile(path: string): string;
}

const expression = /\$\$\{|\$\{([^}]*)\}?/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
/** A secret is a word or a line, never a file system. */
const maxSecretLength = 65_536;

export function substitute(tree: Located, surroundings: Surroundings, problems: Problem[]): Located {
  return mapScalars(tree, (scalar, path) => {
    if (typeof scalar.value !== 'string' || !scalar.value.includes('${')) return scalar;
    return new Expansion(scalar, path, surroundings, problems).expand(scalar.value);
  });
}

class Expansion {
  readonly #scalar: LocatedScalar;
  readonly #path: KeyPath;
  readonly #surroundings: Surroundings;
  readonly #problems: Problem[];
  #origin: LocatedScalar['origin'] = 'written';

  constructor(scalar: LocatedScalar, path: KeyPath, surroundings: Surroundings, problems: Problem[]) {
    this.#scalar = scalar;
    this.#path = path;
    this.#surroundings = surroundings;
    this.#problems = problems;
  }

  expand(text: string): LocatedScalar {
    const value = text.replace(expression, (whole: string, body: string | undefined) => {
      if (body === undefined) return '${';
      if (!whole.endsWith('}')) return this.#complain(`${printable(whole)} has no closing }`);
      return body.startsWith('file:') ? this.#secret(body.slice(5)) : this.#variable(body);
    });
    return { ...this.#scalar, value, origin: this.#origin };
  }

  #variable(body: string): string {
    const [, name, fallback] = variable.exec(body) ?? [];
    if (name === undefined) {
      return this.#complain(`cannot read "\${${printable(body)}}", allowed: \${NAME}, \${NAME:-default}, \${file:/absolute/path}`);
    }
    if (this.#origin === 'written') this.#origin = 'environment';
    const value = this.#surroundings.env[name];
    // As in a shell, ":-" also replaces a variable that is set but empty.
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    return value ?? this.#complain(`the environment variable ${name} is not set (\${${name}:-default} gives a default)`);
  }

  #secret(path: string): string {
    this.#origin = 'secret';
    if (!path.startsWith('/')) return this.#complain(`\${file:${printable(path)}} must name an absolute path`);
    try {
      const text = this.#surroundings.readFile(path);
      if (text.length > maxSecretLength) return this.#complain(`${printable(path)} is longer than ${maxSecretLength} bytes`);
      return text.replace(/\r?\n$/, '');
    } catch (error) {
      return this.#complain(`cannot read ${printable(path)}: ${printable(errorMessage(error))}`);
    }
  }

  #complain(message: string): string {
    this.#problems.push({ place: this.#scalar.place, path: this.#path, message });
    return '';
  }
}
