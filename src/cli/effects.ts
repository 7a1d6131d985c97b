/** What the command line may touch. */
export interface Effects {
  /** Runs the broker until it has drained; resolves to the exit code. */
  start(options: { readonly configFile?: string }): Promise<number>;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface TextSink {
  write(text: string): unknown;
}

export interface ConfigFileOption {
  /** As given with --config. */
  readonly config?: string;
}

export const exitCodes = { good: 0, refused: 1, usage: 2 } as const;
