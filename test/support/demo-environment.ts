// Moves the demo configuration to addresses and ports of a test's own, by the overrides of the environment.

/** `network` is the first three numbers of a loopback network that no other test uses, e.g. '127.21.0'. */
export function demoEnvironment(network: string): { readonly sip: string; readonly env: Readonly<Record<string, string>> } {
  const zones = [
    { address: `${network}.1`, ports: [15_060, 15_060, 15_061] },
    { address: `${network}.2`, ports: [15_080, 15_080] },
  ];
  const entries = zones.flatMap(({ address, ports }, zone) => [
    [`WEIR__zones__${zone}__media__0__address`, address],
    ...ports.flatMap((port, listener) => [
      [`WEIR__zones__${zone}__listeners__${listener}__address`, address],
      [`WEIR__zones__${zone}__listeners__${listener}__port`, String(port)],
    ]),
  ]);
  const env = { ...Object.fromEntries(entries), WEIR__pools__0__nodes__0__uri: `sip:${network}.3:15090` };
  return { sip: `${network}.1:15060`, env };
}
