import { Command, CommanderError } from 'commander';
import { ConfigurationError } from '../config/configuration.ts';
import { checkConfig, printNotices } from './config-check.ts';
import type { ConfigFileOption, Effects } from './effects.ts';
import { exitCodes } from './effects.ts';
import { versionText } from './version.ts';

/**
 * The command `portcullis`, noun then verb.
 * @param argv the arguments, without the program and the script.
 * @returns the exit code: 0 good, 1 refused or failed, 2 usage.
 */
export async function runCommandLine(argv: readonly string[], effects: Effects): Promise<number> {
  let exitCode: number = exitCodes.good;
  const program = buildProgram(effects, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, effects);
  }
}

function exitCodeOf(error: unknown, effects: Effects): number {
  // Commander has printed the help or the mistake already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.good : exitCodes.usage;
  if (error instanceof ConfigurationError)
    printNotices({ errors: error.notices, warnings: error.warnings }, effects);
  else effects.stderr.write(`portcullis: ${error instanceof Error ? error.message : String(error)}\n`);
  return exitCodes.refused;
}

type Finish = (exitCode: number) => void;

function buildProgram(effects: Effects, finish: Finish): Command {
  const program = command('portcullis', effects)
    .description('An MQTT broker (3.1, 3.1.1, 5.0) whose heart is security.')
    .version(versionText(), '-V, --version', 'print the version, and the commit of a checkout')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', example('portcullis start --config portcullis.yaml'));
  program.addCommand(startCommand(effects, finish));
  program.addCommand(configCommand(effects, finish));
  return refuseOthers(program);
}

const configOption = [
  '-c, --config <FILE>',
  'configuration file; without it portcullis.yaml of this folder if there is one, else the defaults',
] as const;

function startCommand(effects: Effects, finish: Finish): Command {
  return command('start', effects)
    .description(
      'Run the broker. It prints a line for each listener and then "ready"; SIGTERM ends it, SIGHUP reloads files.',
    )
    .option(...configOption)
    .addHelpText('after', example('portcullis start --config /etc/portcullis/portcullis.yaml'))
    .action(async ({ config }: ConfigFileOption) => {
      finish(await effects.start(config === undefined ? {} : { configFile: config }));
    });
}

function configCommand(effects: Effects, finish: Finish): Command {
  const config = command('config', effects)
    .description('Work with configuration files.')
    .addHelpText('after', example('portcullis config check --config portcullis.yaml'));
  const check = command('check', effects)
    .description(
      'Say everything that is wrong with the configuration and its security file. Exit code 0: nothing.',
    )
    .option(...configOption)
    .option('--json', 'print { valid, errors, warnings } on stdout')
    .addHelpText('after', example('portcullis config check --config portcullis.yaml --json'))
    .action(async (options: ConfigFileOption & { readonly json?: boolean }) => {
      finish(await checkConfig(options, effects));
    });
  config.addCommand(check);
  return refuseOthers(config);
}

/** A command that writes to our streams, and throws where commander would end the process. */
function command(name: string, { stdout, stderr }: Effects): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .showSuggestionAfterError(true)
    .allowExcessArguments(false);
}

/** A noun or verb that does not exist (yet) is a usage error that lists those that do. */
function refuseOthers(parent: Command): Command {
  const names = parent.commands.map((child) => child.name()).join(', ');
  return parent
    .usage('<command> [options]')
    .argument('[command...]')
    .allowUnknownOption()
    .helpCommand(true)
    .action((words: readonly string[]) => {
      const [word] = words;
      const kind = word?.startsWith('-') === true ? 'option' : 'command';
      const what = word === undefined ? 'a command is missing' : `unknown ${kind} ${JSON.stringify(word)}`;
      parent.error(`error: ${what}; commands: ${names}\n(${pathOf(parent)} --help says more)`);
    });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}
