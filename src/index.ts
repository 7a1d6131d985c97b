/** Portcullis as a library: load a configuration, start a broker in this process, stop it. */
export {
  composeBroker,
  type Effects,
  type LoadedConfiguration,
  type RunningBroker,
} from './compose.ts';
export {
  type Configuration,
  ConfigurationError,
  type ConfigurationNotice,
  noticeText,
  type SecurityDocument,
} from './config/configuration.ts';
export { loadConfiguration, parseConfiguration, parseSecurity } from './config/load.ts';
export { type EventCode, events } from './observability/events.ts';
export { createLog, type Log } from './observability/log.ts';
export { type Clock, systemClock } from './runtime/clock.ts';
export { type RandomSource, systemRandom } from './runtime/random.ts';
export type { SessionStore } from './stores/session-store.ts';
