// Emits the JavaScript that an installed package runs, into dist/ (npm's prepack calls it): Node strips no types under
// node_modules. What tsc does not do: worker entries named by `new URL('x.ts', import.meta.url)`, and files that are not TypeScript.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');
const sources = ['shared', 'media', 'signaling'];
const moduleUrl = /(new URL\(\s*'[^']+)\.ts'/g;

function main() {
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', join(root, 'deploy', 'tsconfig.emit.json')], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) {
    rmSync(dist, { recursive: true, force: true });
    console.error('weir: tsc failed, no JavaScript was emitted');
    process.exit(1);
  }
  // The version is read from the package.json above signaling/, in a clone as in dist/.
  cpSync(join(root, 'package.json'), join(dist, 'package.json'));
  for (const folder of sources) copyOthers(folder);
  for (const file of filesBelow(dist).filter((name) => name.endsWith('.js'))) rewriteModuleUrls(file);
}

function copyOthers(folder) {
  for (const file of filesBelow(join(root, folder))) {
    if (file.endsWith('.ts') || file.endsWith('.md')) continue;
    cpSync(file, join(dist, file.slice(root.length)));
  }
}

function rewriteModuleUrls(file) {
  const text = readFileSync(file, 'utf8');
  const emitted = text.replace(moduleUrl, "$1.js'");
  if (emitted !== text) writeFileSync(file, emitted);
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

main();
