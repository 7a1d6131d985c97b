import { isAbsolute, relative, resolve } from 'node:path';
import { directoryProblems } from '../authentication/directory-problems.ts';
import { limitsWith } from '../runtime/limits.ts';
import { reportUnknownName } from './checks.ts';
import type { Configuration, ConfigurationNotice, SecurityDocument } from './configuration.ts';
import { ConfigurationError } from './configuration.ts';
import { configurationKeys, configurationSchema } from './configuration-schema.ts';
import { overrideFromEnvironment } from './environment.ts';
import type { TopicLimits } from './permission-schema.ts';
import type { ReadDocument, Surroundings } from './read-document.ts';
import { completeFields, readDocument } from './read-document.ts';
import type { ObjectOf } from './schema.ts';
import type { SecurityFields } from './security-schema.ts';
import { securitySchema } from './security-schema.ts';
import { toConfiguration, toSecurityDocument } from './settings.ts';
import type { FileAccess } from './value-sources.ts';
import { readText, systemFiles, UnreadableFile, unreadableReason } from './value-sources.ts';

const DEFAULT_FILE = 'portcullis.yaml';
const FILE_BYTES_MAX = 64 * 1024 * 1024;

export interface LoadedConfiguration {
  /** Its warnings are those of both files. */
  readonly configuration: Configuration;
  readonly security: SecurityDocument;
}

/**
 * Reads portcullis.yaml, the environment's overrides and the security file that it names. Without `file`,
 * `portcullis.yaml` in `cwd` if there is one, else the defaults.
 * @throws ConfigurationError with everything that is wrong in both files.
 */
export async function loadConfiguration(options: Surroundings): Promise<LoadedConfiguration> {
  const { file: _, ...withoutFile } = options;
  const named = { ...options, file: options.file ?? DEFAULT_FILE };
  const text = textOfConfiguration(named, options.file !== undefined);
  const main = text === undefined ? readConfiguration('', withoutFile) : readConfiguration(text, named);
  const second = readSecurityFile(main, withoutFile);
  checkAnonymous(main, second);
  checkTlsFiles(main);
  const [fields, securityFields] = completeFields(main, second);
  const announced = text === undefined ? [noFileNotice] : [];
  const warnings = [...announced, ...main.warnings(), ...second.warnings()];
  return {
    configuration: toConfiguration(fields, main.sources.hostname(), warnings),
    security: toSecurity(securityFields, second.file),
  };
}

/**
 * portcullis.yaml with the overrides of `env`.
 * @throws ConfigurationError with everything that is wrong.
 */
export function parseConfiguration(text: string, surroundings: Surroundings): Configuration {
  const document = readConfiguration(text, surroundings);
  const [fields] = completeFields(document);
  return toConfiguration(fields, document.sources.hostname(), document.warnings());
}

export interface ParsedSecurity {
  readonly security: SecurityDocument;
  readonly warnings: readonly ConfigurationNotice[];
}

/**
 * security.yaml. The limits of portcullis.yaml bound its topics.
 * @throws ConfigurationError with everything that is wrong.
 */
export function parseSecurity(
  text: string,
  surroundings: Surroundings,
  limits: TopicLimits = limitsWith(),
): ParsedSecurity {
  const document = readDocument(text, securitySchema(limits), surroundings);
  const [fields] = completeFields(document);
  return { security: toSecurity(fields, document.file), warnings: document.warnings() };
}

/** Whatever authentication/ would refuse at start is refused here, so that `config check` and `start` agree. */
function toSecurity(fields: SecurityFields, file: string | undefined): SecurityDocument {
  const security = toSecurityDocument(fields);
  const problems = directoryProblems(security);
  if (problems.length === 0) return security;
  throw new ConfigurationError(
    file === undefined ? problems : problems.map((problem) => ({ file, ...problem })),
  );
}

type ConfigurationDocument = ReadDocument<ObjectOf<typeof configurationKeys>>;
type SecurityFile = ReadDocument<SecurityFields>;

function readConfiguration(text: string, surroundings: Surroundings): ConfigurationDocument {
  return readDocument(text, configurationSchema, surroundings, (root) =>
    overrideFromEnvironment(root, configurationKeys, surroundings.env),
  );
}

const noFileNotice: ConfigurationNotice = {
  field: 'configuration',
  message: `there is no ${DEFAULT_FILE}: the defaults hold, and nobody is known`,
  remedy: `write ${DEFAULT_FILE}, or give --config FILE`,
};

/** Undefined when no file was asked for and there is none. */
function textOfConfiguration(
  { file, cwd, files = systemFiles }: Surroundings & { readonly file: string },
  asked: boolean,
): string | undefined {
  if (file.endsWith('.conf')) {
    const message = 'NATS configuration files are not available in this version';
    throw new ConfigurationError([{ file, field: 'file', message, remedy: `write ${DEFAULT_FILE}` }]);
  }
  const path = resolve(cwd, file);
  if (!asked && isMissing(files, path)) return undefined;
  try {
    return readText(files, path, FILE_BYTES_MAX);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const remedy = 'name a readable file with --config FILE';
    throw new ConfigurationError([{ file, field: 'file', message: error.message, remedy }]);
  }
}

/** Only a file that is not there: one that may not be read must not give way to the defaults. */
function isMissing(files: FileAccess, path: string): boolean {
  try {
    files.read(path, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/** Problems with reaching the file belong to the line that names it; problems in it to its own lines. */
function readSecurityFile(main: ConfigurationDocument, surroundings: Surroundings): SecurityFile {
  const path = main.fields?.securityFile;
  const schema = securitySchema(main.fields?.limits ?? limitsWith());
  if (path === undefined) return readDocument('', schema, surroundings);
  const file = shortPath(path, surroundings.cwd);
  try {
    const text = readText(main.sources.files, path, FILE_BYTES_MAX);
    return readDocument(text, schema, { ...surroundings, file });
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    main.context.below('security_file').error({ value: path, message: error.message, remedy: nameAnother });
    return { ...readDocument('', schema, surroundings), fields: undefined };
  }
}

const nameAnother = 'name a file that can be read';

function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

/** The roles or the client of `anonymous` must exist in the security file. */
function checkAnonymous(main: ConfigurationDocument, { fields }: SecurityFile): void {
  const anonymous = main.fields?.anonymous;
  if (typeof anonymous !== 'object' || fields === undefined) return;
  const at = main.context.below('anonymous');
  const roles = namesOf(fields.roles);
  anonymous.roles?.forEach((role, index) => {
    reportUnknownName(role, roles, 'role', at.below('roles').below(index));
  });
  reportUnknownName(anonymous.client, namesOf(fields.clients), 'client', at.below('client'));
}

/** Records that are wrong themselves may be missing here; their own errors are enough. */
function namesOf(
  records: readonly ({ readonly name: string } | undefined)[] | undefined,
): ReadonlySet<string> {
  return new Set(records?.flatMap((record) => record?.name ?? []));
}

/** What is in the files is for the transport to say; that they are there is said with the line that names them. */
function checkTlsFiles(main: ConfigurationDocument): void {
  const listeners: readonly (ListenerFields | undefined)[] = main.fields?.listeners ?? [];
  listeners.forEach((listener, index) => {
    if (listener?.tls === undefined || listener.enabled === false) return;
    const at = main.context.below('listeners').below(index).below('tls');
    const { certFile, keyFile, caFile } = listener.tls;
    for (const [key, path] of Object.entries({ cert_file: certFile, key_file: keyFile, ca_file: caFile })) {
      const reason = path === undefined ? undefined : unreadableReason(main.sources.files, path);
      if (reason !== undefined) at.below(key).error({ value: path, message: reason, remedy: nameAnother });
    }
  });
}

type ListenerFields = ObjectOf<typeof configurationKeys>['listeners'][number];
