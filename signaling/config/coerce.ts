// Values from the environment are text; where the schema wants a number or true/false, text that reads as one becomes one.
// Values typed into the file are left alone: there YAML has decided already.
import { z } from 'zod';
import { type Located, mapScalars, type Scalar } from './located.ts';
import { schemaAt } from './schema-walk.ts';

export function coerce(tree: Located, schema: z.core.$ZodType): Located {
  return mapScalars(tree, (scalar, path) => {
    if (scalar.origin === 'written' || typeof scalar.value !== 'string') return scalar;
    return { ...scalar, value: coerceText(scalar.value.trim(), schemaAt(schema, path)) ?? scalar.value };
  });
}

function coerceText(text: string, schema: z.core.$ZodType | undefined): Scalar | undefined {
  if (schema instanceof z.ZodNumber && /^-?\d{1,15}(\.\d{1,6})?$/.test(text)) return Number(text);
  if (schema instanceof z.ZodBoolean && (text === 'true' || text === 'false')) return text === 'true';
  return undefined;
}
