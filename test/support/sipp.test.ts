// The scenarios of test/fixtures/sipp against each other, without Weir: what they say is then known to be sound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSipp, sippMissing, startSipp } from './sipp.ts';

const pairs = [
  { client: 'uac-basic', server: 'uas-basic' },
  { client: 'uac-basic', server: 'uas-early-media' },
  { client: 'uac-cancel', server: 'uas-ring' },
  { client: 'uac-late-offer', server: 'uas-late-offer' },
  { client: 'uac-prack', server: 'uas-prack' },
  { client: 'uac-bye-from-uas', server: 'uas-bye' },
  { client: 'uac-reinvite', server: 'uas-reinvited' },
  { client: 'uac-reinvite-from-uas', server: 'uas-reinvite' },
  { client: 'uac-update', server: 'uas-updated' },
  { client: 'uac-update-from-uas', server: 'uas-update' },
  { client: 'uac-info', server: 'uas-info' },
  { client: 'uac-refer-from-uas', server: 'uas-refer' },
  { client: 'uac-refused', server: 'uas-busy' },
  { client: 'uac-refused', server: 'uas-503' },
  { client: 'uac-refused', server: 'uas-redirect' },
  { client: 'uac-options', server: 'uas-options' },
];
const keys = new Map([['target', 'other@127.20.2.9:5060']]);

pairs.forEach(({ client, server }, index) => {
  for (const transport of index === 0 ? (['udp', 'tcp'] as const) : (['udp'] as const)) {
    test(`sipp ${client} gets along with ${server} over ${transport}`, { skip: sippMissing() }, async (t) => {
      const port = 5100 + index * 2;
      const uas = startSipp({ scenario: server, localAddress: '127.20.2.1', localPort: port, transport, keys });
      t.after(() => uas.stop());
      await uas.ready;
      const uac = await runSipp({
        scenario: client,
        localAddress: '127.20.2.2',
        localPort: port,
        remote: `127.20.2.1:${port}`,
        transport,
        keys,
      });
      if (uac.exitCode !== 0) uas.stop();
      const answered = await uas.done;
      assert.deepEqual([uac.exitCode, uac.successful], [0, 1], uac.errors);
      assert.deepEqual([answered.exitCode, answered.successful], [0, 1], answered.errors);
      assert.match(uac.messages, /SIP\/2\.0/);
    });
  }
});

test('sipp tells a call that went otherwise', { skip: sippMissing() }, async (t) => {
  const uas = startSipp({ scenario: 'uas-busy', localAddress: '127.20.2.1', localPort: 5190 });
  t.after(() => uas.stop());
  await uas.ready;
  const uac = await runSipp({ scenario: 'uac-basic', localAddress: '127.20.2.2', localPort: 5190, remote: '127.20.2.1:5190' });
  uas.stop();
  await uas.done;
  assert.deepEqual([uac.exitCode, uac.successful, uac.failed], [1, 0, 1]);
  assert.match(uac.errors, /486 Busy Here/);
});
