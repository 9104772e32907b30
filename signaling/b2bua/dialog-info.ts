// dialog-info bodies (RFC 4235) name dialogs by Call-ID and tags: BLF phones use them to pick calls up with Replaces. Each
// name we know is translated to the name the other side uses. The text is edited in place: no XML parser, no entities.
import { type DialogTable, translated } from './dialog-table.ts';

const maxBytes = 65_536;
const dialogTag = /<(?:[A-Za-z0-9_-]+:)?dialog\s[^<>]*>/g;

/** `hide` cleans the addresses of what is left. An oversized body is passed on cleaned but untranslated. */
export function translateDialogInfo(body: Uint8Array, dialogs: DialogTable, hide: (text: string) => string): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  const translated = body.length > maxBytes ? text : text.replace(dialogTag, (tag) => translateTag(tag, dialogs));
  return Buffer.from(hide(translated), 'latin1');
}

function translateTag(tag: string, dialogs: DialogTable): string {
  const callId = attribute(tag, 'call-id');
  const local = attribute(tag, 'local-tag');
  const remote = attribute(tag, 'remote-tag');
  if (callId === undefined || local === undefined || remote === undefined) return tag;
  // A Replaces made from this would go to the party that the body is about: its local tag is the to-tag.
  const named = dialogs.named({ callId, toTag: local, fromTag: remote });
  const name = named === undefined ? undefined : translated(named);
  if (name === undefined) return tag;
  const { callId: id, toTag, fromTag } = name;
  return setAttribute(setAttribute(setAttribute(tag, 'call-id', id), 'local-tag', toTag), 'remote-tag', fromTag);
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return value?.[1] ?? value?.[2];
}

function setAttribute(tag: string, name: string, value: string): string {
  return tag.replace(new RegExp(`(\\s${name}\\s*=\\s*)(?:"[^"]*"|'[^']*')`), (_all, head: string) => `${head}"${value}"`);
}
