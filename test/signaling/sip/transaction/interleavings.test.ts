// Whatever order messages, users, failures and time come in: nothing throws, nobody is told twice, everything ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SipRequest } from '../../../../signaling/sip/message/request.ts';
import type { SipResponse } from '../../../../signaling/sip/message/response.ts';
import type { ClientFailure, ClientTransaction, ServerTransaction } from '../../../../signaling/sip/transaction/transaction.ts';
import { flowOf, lifetime, outline, requestText, response, Stage, tcp, udp } from './stage.ts';

const methods = ['INVITE', 'OPTIONS', 'BYE', 'ACK', 'CANCEL'] as const;
const statuses = [100, 180, 183, 200, 202, 300, 401, 408, 481, 486, 487, 503, 603] as const;
const flows = [udp, tcp, flowOf('tcp', 2)] as const;
const branches = ['z9hG4bKa', 'z9hG4bKb', 'z9hG4bK', 'old', ''] as const;

const pick = fc.nat({ max: 40 });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('receive' as const),
    method: fc.constantFrom(...methods),
    branch: fc.constantFrom(...branches),
    flow: fc.constantFrom(...flows),
    toTag: fc.constantFrom(undefined, 'near', 'other'),
    callId: fc.constantFrom('one', 'two'),
  }),
  fc.record({ kind: fc.constant('respond' as const), which: pick, status: fc.constantFrom(...statuses) }),
  fc.record({ kind: fc.constant('dismiss' as const), which: pick, status: fc.constantFrom(401, 403, 503) }),
  fc.record({
    kind: fc.constant('send' as const),
    method: fc.constantFrom('INVITE', 'OPTIONS', 'BYE'),
    flow: fc.constantFrom(...flows),
    size: fc.constantFrom(0, 1300),
  }),
  fc.record({ kind: fc.constant('answer' as const), which: pick, status: fc.constantFrom(...statuses), tag: fc.constantFrom('x', 'y') }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'abandon' as const), which: pick }),
  fc.record({ kind: fc.constant('flowFailed' as const), flow: fc.constantFrom(...flows) }),
  fc.record({ kind: fc.constant('transport' as const), result: fc.constantFrom('sent' as const, 'gone' as const, 'full' as const) }),
  fc.record({ kind: fc.constant('sibling' as const), there: fc.boolean() }),
  fc.record({ kind: fc.constant('run' as const), ms: fc.constantFrom(0, 1, 499, 500, 4000, 5000, 31_999, 32_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Keeps what the observer of one client transaction was told, and objects to what it must not be told. */
class Watch {
  readonly method: string;
  finals: number[] = [];
  abandoned = false;
  #failed = false;

  constructor(method: string) {
    this.method = method;
  }

  response(message: SipResponse): void {
    assert.ok(!this.abandoned, 'told after abandon');
    assert.ok(!this.#failed, 'told after failed');
    const rejected = this.finals.some((status) => status >= 300 || this.method !== 'INVITE');
    assert.ok(!rejected, `told ${message.status} after a final response`);
    if (this.finals.length > 0) assert.ok(message.status >= 200 && message.status < 300, 'only 2xx follow a 2xx');
    if (message.status >= 200) this.finals.push(message.status);
  }

  failed(_cause: ClientFailure): void {
    assert.ok(!this.abandoned && !this.#failed && this.finals.length === 0, 'failed after the end');
    this.#failed = true;
  }

  get over(): boolean {
    return this.#failed || this.finals.length > 0 || this.abandoned;
  }
}

class Play {
  readonly stage = new Stage();
  readonly clients: { readonly transaction: ClientTransaction; readonly watch: Watch }[] = [];
  #inCall = false;

  constructor() {
    this.stage.onRequest = ({ request }) => assert.ok(request.method !== 'ACK' && request.method !== 'CANCEL');
  }

  do(one: Step): void {
    const { stage } = this;
    switch (one.kind) {
      case 'receive':
        stage.receive(requestText(one.method, one), one.flow);
        break;
      case 'respond':
        this.#server(one.which, (server) => stage.respond(one.status, 'near', server));
        break;
      case 'dismiss':
        this.#server(one.which, (server) => server.dismiss(response(server.request, one.status, 'near'), stage.now));
        break;
      case 'send':
        this.#send(one.method, one.flow, one.size);
        break;
      case 'answer':
        this.#answer(one.which, one.status, one.tag);
        break;
      case 'cancel':
        this.#client(one.which)?.transaction.cancel(stage.now);
        break;
      case 'abandon':
        this.#abandon(one.which);
        break;
      case 'flowFailed':
        stage.layer.flowFailed(one.flow, stage.now);
        break;
      case 'transport':
        stage.result = () => one.result;
        break;
      case 'sibling':
        stage.sibling = one.there ? tcp : undefined;
        break;
      case 'run':
        stage.run(one.ms);
        break;
    }
  }

  /** All users do their duty: pending INVITEs are answered, clients no longer waited for; then time passes. */
  end(): void {
    const { stage } = this;
    for (const server of stage.servers) if (!server.answered && server.request.method === 'INVITE') stage.respond(500, 'near', server);
    for (const [index, { transaction }] of this.clients.entries()) {
      transaction.cancel(stage.now);
      this.#abandon(index);
    }
    stage.run(3 * lifetime);
    const { counters } = stage.layer;
    assert.equal(counters.serverTransactions, 0, 'server transactions end');
    assert.equal(counters.clientTransactions, 0, 'client transactions end');
    assert.equal(stage.timers.size, 0, 'no timer stays');
  }

  #client(which: number): (typeof this.clients)[number] | undefined {
    return this.clients[which % Math.max(this.clients.length, 1)];
  }

  #server(which: number, act: (server: ServerTransaction) => void): void {
    const server = this.stage.servers[which % Math.max(this.stage.servers.length, 1)];
    if (server !== undefined) act(server);
  }

  #send(method: string, flow: (typeof flows)[number], size: number): void {
    const watch = new Watch(method);
    this.#inCall = true;
    const observer = {
      response: (message: SipResponse) => watch.response(message),
      failed: (cause: ClientFailure) => {
        assert.ok(!this.#inCall, 'failed is told later than send');
        watch.failed(cause);
      },
    };
    const request = outline(method, `X-Bulk: ${'x'.repeat(size)}\r\n`);
    this.clients.push({ transaction: this.stage.layer.send(request, flow, observer, this.stage.now), watch });
    this.#inCall = false;
  }

  #answer(which: number, status: number, tag: string): void {
    const requests = this.stage.sent.map((sent) => sent.message).filter((message): message is SipRequest => message.kind === 'request');
    const request = requests[which % Math.max(requests.length, 1)];
    if (request !== undefined && request.method !== 'ACK') this.stage.answer(request, status, tag);
  }

  #abandon(which: number): void {
    const client = this.#client(which);
    if (client === undefined) return;
    client.transaction.abandon();
    client.watch.abandoned = true;
  }
}

const seed = Number(process.env.WEIR_SEED ?? 20_260_101);

test(`TransactionLayer survives random interleavings (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const play = new Play();
      for (const one of steps) play.do(one);
      play.end();
    }),
    { seed, numRuns: 1500 },
  );
});

test(`TransactionLayer tells each client transaction an end when its user waits (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const play = new Play();
      for (const one of steps) if (one.kind !== 'abandon') play.do(one);
      for (const { transaction } of play.clients) transaction.cancel(play.stage.now);
      play.stage.run(2 * lifetime);
      for (const { watch, transaction } of play.clients) {
        // An INVITE whose CANCEL waits for a provisional has timer B, any other the CANCEL's 64*T1.
        assert.ok(watch.over, `${watch.method} ${transaction.branch} has no end`);
      }
    }),
    { seed, numRuns: 700 },
  );
});
