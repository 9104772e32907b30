// Comma-separated header values (RFC 3261 section 7.3.1), cut only at commas outside quotes and angle brackets.

import { quotedEnd, trimSpace } from './chars.ts';

/** The trimmed items of `text`; empty ones are left out. An unclosed quote or bracket runs to the end of the text. */
export function splitList(text: string): string[] {
  if (!text.includes(',')) {
    const only = trimSpace(text);
    return only === '' ? [] : [only];
  }
  return splitOutside(text, 0x2c);
}

/** The first item of `text`, trimmed. */
export function firstOfList(text: string): string {
  if (!text.includes(',')) return trimSpace(text);
  return splitOutside(text, 0x2c)[0] ?? '';
}

function splitOutside(text: string, separator: number): string[] {
  const items: string[] = [];
  let start = 0;
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      const end = quotedEnd(text, i);
      if (end < 0) break;
      i = end;
      continue;
    }
    if (code === 0x3c) {
      const end = text.indexOf('>', i);
      if (end < 0) break;
      i = end;
    } else if (code === separator) {
      pushItem(items, text.slice(start, i));
      start = i + 1;
    }
    i++;
  }
  pushItem(items, text.slice(start));
  return items;
}

function pushItem(items: string[], text: string): void {
  const item = trimSpace(text);
  if (item !== '') items.push(item);
}
