import type { ConfigurationNotice } from '../config/configuration.ts';
import { ConfigurationError, noticeText } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import type { ConfigFileOption, Effects } from './effects.ts';
import { exitCodes } from './effects.ts';

/** What `config check` found: `--json` prints it as it is. */
interface Report {
  readonly valid: boolean;
  readonly errors: readonly ConfigurationNotice[];
  readonly warnings: readonly ConfigurationNotice[];
}

/** Reads the configuration as `start` would, and says everything that is wrong with it. */
export async function checkConfig(
  options: ConfigFileOption & { readonly json?: boolean },
  effects: Effects,
): Promise<number> {
  const report = await reportOn(options, effects);
  if (options.json === true) {
    effects.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    printNotices(report, effects);
    if (report.valid) effects.stdout.write('The configuration is valid.\n');
  }
  return report.valid ? exitCodes.good : exitCodes.refused;
}

/** The lines of errors and warnings, on stderr. */
export function printNotices(
  { errors, warnings }: Omit<Report, 'valid'>,
  { stderr }: Pick<Effects, 'stderr'>,
): void {
  for (const error of errors) stderr.write(`error: ${noticeText(error)}\n`);
  for (const warning of warnings) stderr.write(`warning: ${noticeText(warning)}\n`);
}

async function reportOn({ config }: ConfigFileOption, { env, cwd }: Effects): Promise<Report> {
  try {
    const { configuration } = await loadConfiguration({
      env,
      cwd,
      ...(config === undefined ? {} : { file: config }),
    });
    return { valid: true, errors: [], warnings: configuration.warnings };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { valid: false, errors: error.notices, warnings: error.warnings };
  }
}
