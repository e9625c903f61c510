/** A second way to the database under change, for when the first one is busy with a statement that has to end. */
export interface DatabaseSession {
  /** Cancels whatever the engine's session is doing. */
  cancelStatement(): Promise<void>;
  /** Ends the engine's session and waits until it is gone. */
  terminate(): Promise<void>;
  /** Frees the change log lock if this engine holds it. @returns whether it did */
  releaseOwnLock(): Promise<boolean>;
}

/** For databases without a second way here: everything is left to the engine's own cancelling. */
export const noSession: DatabaseSession = {
  cancelStatement: () => Promise.resolve(),
  terminate: () => Promise.resolve(),
  releaseOwnLock: () => Promise.resolve(false),
};
