/** What the broker has counted since it started; `$SYS` and metrics read it. */
export class Counters {
  connectionsAccepted = 0;
  connectsRefused = 0;
  clientsConnected = 0;
  clientsMaximum = 0;
  messagesReceived = 0;
  messagesSent = 0;
  publishReceived = 0;
  publishSent = 0;
  publishDropped = 0;
  publishDenied = 0;
  subscribeDenied = 0;
  bytesReceived = 0;
  bytesSent = 0;
}
