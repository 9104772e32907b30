// Finds its way in the zod schema by key path: which schema stands there, which keys it has, and in words what it allows.
// Error messages, environment overrides and the test of the example file all read the schema through this.
import { z } from 'zod';
import type { KeyPath } from './problem.ts';

type Schema = z.core.$ZodType;

/** The schema without optional, default and prefault around it. */
export function unwrap(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  return schema;
}

export function schemaAt(root: Schema, path: KeyPath): Schema | undefined {
  let schema: Schema | undefined = unwrap(root);
  for (const step of path) {
    if (schema instanceof z.ZodObject) schema = shapeOf(schema).get(String(step));
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else return undefined;
    if (schema !== undefined) schema = unwrap(schema);
  }
  return schema;
}

/** The keys of a section, in the order of the schema; empty when it is none. */
export function keysOf(schema: Schema | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? [...shapeOf(schema).keys()] : [];
}

export function shapeOf(schema: z.ZodObject): ReadonlyMap<string, Schema> {
  return new Map(Object.entries(schema.shape));
}

/** What is allowed at this place, in words: `a whole number from 1 to 65535`. */
export function allowedText(schema: Schema): string {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodUnion) return bare.options.map(allowedText).join(' or ');
  if (bare instanceof z.ZodEnum) return bare.options.map((option) => JSON.stringify(option)).join(', ');
  if (bare instanceof z.ZodBoolean) return 'true, false';
  if (bare instanceof z.ZodNumber) return numberText(bare);
  if (bare instanceof z.ZodArray) return `a list${lengthText(...listLengths(bare), 'entries')}`;
  if (bare instanceof z.ZodObject) return `a section with the keys ${keysOf(bare).join(', ')}`;
  if (bare instanceof z.ZodString) return `text${lengthText(bare.minLength, bare.maxLength, 'characters')}`;
  return (bare instanceof z.ZodStringFormat ? formats.get(String(bare.format)) : undefined) ?? 'text';
}

const formats: ReadonlyMap<string, string> = new Map([
  ['ipv4', 'an IPv4 address'],
  ['ipv6', 'an IPv6 address'],
  ['cidrv4', 'an IPv4 network such as 192.0.2.0/24'],
  ['cidrv6', 'an IPv6 network such as 2001:db8::/32'],
]);

function numberText(schema: z.ZodNumber): string {
  const min = schema.minValue ?? Number.NEGATIVE_INFINITY;
  const max = schema.maxValue ?? Number.POSITIVE_INFINITY;
  return `a ${schema.isInt ? 'whole ' : ''}number from ${min} to ${max}`;
}

function listLengths(schema: z.ZodArray): [min: number | null, max: number | null] {
  let min: number | null = null;
  let max: number | null = null;
  for (const check of schema.def.checks ?? []) {
    if (check instanceof z.core.$ZodCheckMinLength) min = check._zod.def.minimum;
    if (check instanceof z.core.$ZodCheckMaxLength) max = check._zod.def.maximum;
  }
  return [min, max];
}

function lengthText(min: number | null, max: number | null, of: string): string {
  if (min !== null && max !== null) return ` of ${min} to ${max} ${of}`;
  if (max !== null) return ` of at most ${max} ${of}`;
  return min === null ? '' : ` of at least ${min} ${of}`;
}
