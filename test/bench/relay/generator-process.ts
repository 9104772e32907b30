// The generator in a process of its own: {"kind":"ports"} tells its ports, {"kind":"run",...} makes one run.
import { loadLibc } from '../../../media/io/native/libc.ts';
import { Generator, type RunOptions } from './generator.ts';
import { serve } from './line-process.ts';

const found = loadLibc();
if (found.kind === 'unavailable') throw new Error(found.reason);
const generator = new Generator(found.libc, process.argv[2] ?? '127.0.0.1');
serve((request) => {
  if (request.kind === 'ports') return { a: generator.portsA, b: generator.portsB };
  // cast: the parent sends RunOptions
  return generator.run(request as unknown as RunOptions);
});
