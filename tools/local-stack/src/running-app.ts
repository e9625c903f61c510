/** What every app's exported `bootstrap(env)` answers. */
export interface RunningApp {
  readonly url: string;
  close(): Promise<void>;
}
