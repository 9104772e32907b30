// Whole descriptions, in and out, as stories in test/fixtures/sdp/golden (format: test/fixtures/sdp/README.md).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { SdpResult, SidePolicy } from '../../../signaling/session/session-engine.ts';
import { bench, inside, outside } from './engine-fixture.ts';

const folder = new URL('../../fixtures/sdp/golden/', import.meta.url);

const srtpPolicies = ['accept', 'offer', 'require', 'never', 'pass'] as const;
const wildcards = new Map([
  ['PORT', '(\\d+)'],
  ['ID', '([\\w-]+)'],
  ['KEY', '([A-Za-z0-9+/]+=*)'],
]);

interface Step {
  readonly title: string;
  readonly lines: readonly string[];
}

for (const name of readdirSync(folder).sort()) {
  test(`SessionEngine writes ${name.replace('.txt', '')} as in its golden file`, async () => {
    const { settings, steps } = readStory(readFileSync(new URL(name, folder), 'latin1'));
    const { engine } = bench();
    const near = policy(outside, settings, 'near');
    const far = policy(inside, settings, 'far');
    const end = settings.get('line ends') === 'LF' ? '\n' : '\r\n';
    const bound = new Map<string, string>();
    let offerer = 'near';
    let result: SdpResult | undefined;
    for (const { title, lines } of steps) {
      const [who = '', does = ''] = title.split(' ');
      const sdp = Buffer.from(lines.map((line) => line + end).join(''), 'latin1');
      if (does === 'offers' || does === 'answers') {
        if (does === 'offers') offerer = who;
        const sides = { callId: 'c', fromTag: offerer, from: offerer === 'near' ? near : far, to: offerer === 'near' ? far : near, sdp };
        result = await (does === 'offers' ? engine.offer(sides) : engine.answer({ ...sides, toTag: who }));
      } else if (who === 'refused') {
        assert.ok(result?.kind === 'refused', `${title}: was accepted`);
        assert.equal(result.status, Number(does));
        assert.ok(result.reason.includes(lines.join('')), result.reason);
      } else {
        assert.equal(does, 'gets', `unknown step ${title}`);
        assert.ok(result?.kind === 'sdp', `${title}: ${result?.kind === 'refused' ? result.reason : ''}`);
        compare(Buffer.from(result.sdp).toString('latin1'), lines, bound);
      }
    }
  });
}

function readStory(text: string): { settings: Map<string, string>; steps: Step[] } {
  const [head = '', ...parts] = text.split(/^=== /m);
  const settings = new Map<string, string>();
  for (const line of head.split('\n')) {
    const [key, value] = line.split(': ');
    if (!line.startsWith('#') && key !== undefined && value !== undefined) settings.set(key, value);
  }
  const steps = parts.map((part) => {
    const [title = '', ...lines] = part.trimEnd().split('\n');
    return { title, lines };
  });
  return { settings, steps };
}

function policy(side: SidePolicy, settings: ReadonlyMap<string, string>, who: string): SidePolicy {
  const family = settings.get(`${who} family`);
  return {
    ...side,
    family: family === '4' ? 4 : family === '6' ? 6 : 'keep',
    signalingAddress: settings.get(`${who} signaling`) ?? side.signalingAddress,
    srtp: srtpPolicies.find((policy) => policy === settings.get(`${who} srtp`)) ?? side.srtp,
  };
}

/** Every line ends CRLF, and matches with the wildcards bound to one value each. */
function compare(actual: string, expected: readonly string[], bound: Map<string, string>): void {
  assert.ok(actual.endsWith('\r\n'), 'ends with CRLF');
  const lines = actual.split('\r\n').slice(0, -1);
  const shown = expected.map((line, index) => fill(line, lines[index] ?? '', bound));
  assert.deepEqual(lines, shown);
}

/** The expected line with what its wildcards stand for in `actual`; itself where it does not match. */
function fill(expected: string, actual: string, bound: Map<string, string>): string {
  const names: string[] = [];
  const pattern = expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/(PORT|ID|KEY)(\d*)/g, (name, kind: string) => {
    names.push(name);
    return wildcards.get(kind) ?? '';
  });
  const match = new RegExp(`^${pattern}$`).exec(actual);
  if (match === null) return expected;
  let index = 0;
  return expected.replace(/(?:PORT|ID|KEY)\d*/g, (name) => {
    const value = match[++index] ?? '';
    if (!/\d$/.test(name)) return value;
    if (!bound.has(name)) bound.set(name, value);
    return bound.get(name) ?? value;
  });
}
