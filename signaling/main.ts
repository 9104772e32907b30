// The entry of the `weir` command: gives the command line the application it starts. Everything else is in cli/ and app.ts.
import { buildProgram } from './cli/program.ts';
import { startConfigured } from './cli/start-app.ts';

// In a supervised child the channel to the parent only tells of its death; it must not keep this process alive.
process.channel?.unref();
await buildProgram(startConfigured).parseAsync(process.argv);
