import { runCommandLine } from './cli/program.ts';
import { runBroker } from './run-broker.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), {
  start: runBroker,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
});
