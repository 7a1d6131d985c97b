/**
 * Every event the broker logs: a stable code, its level and what it says. docs/reference/events.md has a line for each.
 * Fields never hold passwords, tokens, payloads or keys.
 */
export const events = {
  broker_started: { level: 'info', message: 'broker started' },
  broker_stopping: { level: 'info', message: 'broker is draining its connections' },
  broker_stopped: { level: 'info', message: 'broker stopped' },
  configuration_notice: { level: 'warn', message: 'configuration needs attention' },
  configuration_reloaded: { level: 'info', message: 'configuration reloaded' },
  configuration_rejected: {
    level: 'error',
    message: 'configuration not reloaded; the last good one stays in force',
  },
  restart_needed: { level: 'warn', message: 'this change takes effect at the next start' },
  connection_refused: { level: 'warn', message: 'network connection refused' },
  accept_failed: { level: 'error', message: 'connection could not be accepted' },
  connection_limit_reached: { level: 'warn', message: 'listener is at its max_connections' },
  proxy_untrusted: { level: 'warn', message: 'PROXY protocol from an address that is not trusted' },
  proxy_header_refused: { level: 'warn', message: 'PROXY header missing or malformed' },
  handshake_timeout: { level: 'info', message: 'connection did not get as far as MQTT in time' },
  tls_handshake_failed: { level: 'info', message: 'TLS handshake failed' },
  websocket_refused: { level: 'info', message: 'WebSocket upgrade refused' },
  tls_reloaded: { level: 'info', message: 'certificate reloaded' },
  tls_reload_failed: {
    level: 'error',
    message: 'certificate not reloaded; the last good one stays in use',
  },
  tls_certificate_invalid_now: { level: 'warn', message: 'certificate is outside its validity period' },
  tls_watch_failed: { level: 'warn', message: 'certificate files cannot be watched; reload with SIGHUP' },
  connect_refused: { level: 'warn', message: 'CONNECT refused' },
  client_connected: { level: 'info', message: 'client connected' },
  client_disconnected: { level: 'info', message: 'client disconnected' },
  protocol_violation: { level: 'warn', message: 'connection closed: the peer broke the protocol' },
  session_taken_over: { level: 'info', message: 'session taken over by a new connection' },
  session_expired: { level: 'info', message: 'session expired' },
  session_lost: { level: 'error', message: 'another owner has claimed the session' },
  subscription_suspended: { level: 'warn', message: 'subscription suspended: the right to it was lost' },
  subscription_resumed: { level: 'info', message: 'subscription resumed: the right to it came back' },
  publish_denied: { level: 'warn', message: 'publish denied' },
  subscribe_denied: { level: 'warn', message: 'subscription denied' },
  will_suppressed: { level: 'warn', message: 'will not published: the right to write its topic was lost' },
  limit_reached: { level: 'warn', message: 'a limit was reached' },
  access_revoked: { level: 'warn', message: 'connection closed: its client is no longer allowed in' },
  store_failed: { level: 'error', message: 'the store failed; what it was to keep is not acknowledged' },
  internal_error: { level: 'error', message: 'internal error; please report it' },
  events_dropped: {
    level: 'warn',
    message: 'more of these events than the log takes; the rest was only counted',
  },
} as const satisfies Record<string, { level: 'info' | 'warn' | 'error'; message: string }>;

export type EventCode = keyof typeof events;
