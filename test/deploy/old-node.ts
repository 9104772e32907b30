// Makes the Node that runs a script look like an old one: an argument for `node`.

/** Node 20: no execve, and a version that cannot run Weir. */
export const likeNode20 = preload(
  `delete process.execve; Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });`,
);

function preload(script: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}
