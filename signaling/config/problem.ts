// What is wrong with a configuration, and where: one line an operator can act on, in the form compilers use
// (file:line:column), with the key path after it. Errors and warnings have the same form.

/** Keys and list indexes from the top of the configuration. */
export type KeyPath = readonly (string | number)[];

export interface Place {
  /** File as given, or the name of an environment variable. */
  readonly source: string;
  /** From 1; 0 when the source has no lines. */
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly place: Place;
  readonly path: KeyPath;
  /** "found X, allowed: Y" or a sentence; never holds a secret. */
  readonly message: string;
}

/** `zones[0].listeners[1].port` */
export function formatPath(path: KeyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? printable(step) : `.${printable(step)}`;
  }
  return text;
}

export function formatPlace(place: Place): string {
  return place.line === 0 ? place.source : `${place.source}:${place.line}:${place.column}`;
}

/** `weir.yaml:12:9: zones[0].listeners[1].port: found 70000, allowed: a whole number from 1 to 65535` */
export function formatProblem(problem: Problem): string {
  const path = formatPath(problem.path);
  return `${formatPlace(problem.place)}: ${path === '' ? '' : `${path}: `}${problem.message}`;
}

/** Text from a file on its way to a terminal: short, and without control characters. */
export function printable(text: string): string {
  const quoted = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text).slice(1, -1);
  return quoted.replaceAll('\\"', '"').replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
}
