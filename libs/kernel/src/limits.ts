const KIB = 1024;
const MIB = 1024 * KIB;

/** A task's result. Every hop below is wide enough for it, so that it is refused in one place only: where it arises. */
const RESULT_BYTES = 64 * MIB;
/** What is written around a result on its way: ids, scope, trace, names of schema and instance. */
const ENVELOPE_BYTES = MIB;

/**
 * How much each border takes, in bytes of UTF-8. A wider hop never stands before a narrower one; `limits.spec.ts` holds them to that.
 *
 * A result goes: step runner → lite engine → delegate (gRPC messages) → delegate service (WebSocket frame) → pipeline (gRPC message) → NG manager →
 * dbdevops (HTTP bodies).
 */
export const LIMITS = {
  /** The JSON of one task's result. A history table is packed in it: 100,000 rows take about 8 MiB. */
  resultBytes: RESULT_BYTES,
  /** One error text in a result; a longer one is cut, and says so. Databases repeat the whole failed statement. */
  errorTextBytes: 64 * KIB,
  /** A packed history, unpacked. */
  unpackedHistoryBytes: 512 * MIB,
  /** A frame of the delegate protocol; a longer one closes the socket with 1009. */
  frameBytes: RESULT_BYTES + ENVELOPE_BYTES,
  /** What may wait to be written to a delegate that does not read. */
  socketBacklogBytes: RESULT_BYTES + ENVELOPE_BYTES,
  /** A gRPC message between our own programs. */
  rpcMessageBytes: RESULT_BYTES + 2 * ENVELOPE_BYTES,
  /** The body in which a service reports a result to the next. */
  reportBodyBytes: RESULT_BYTES + ENVELOPE_BYTES,
  /** Every other request body, unless a route or a setting says less. */
  bodyBytes: 10 * MIB,
  /** A request to the Git service: addresses and names. */
  gitRequestBytes: 64 * KIB,
  /** One line of a step's log; a longer one is cut, and says so. */
  logLineBytes: 70 * KIB,
  /** What is kept in the memory of a step container of its log lines, in bytes of their JSON; the engine has the earlier ones on its disk. */
  stepLogBytes: 20 * MIB,
  /** A stored log on its way through the gateway: `LOG_LIMITS.blobBytes` of the log contract, and what is written around it. */
  storedLogBodyBytes: 26 * MIB,
  /** The live stream of one log in Redis, where no setting says otherwise. */
  liveLogBytes: 32 * MIB,
  /** What Git may answer to one question of the Git service. */
  gitAnswerBytes: 16 * MIB,
  /** What Git may print on a delegate. */
  gitOutputBytes: 8 * MIB,
  /** One text file read out of a repository. */
  gitFileBytes: MIB,
} as const;

/** "64 MiB" of a limit, "64.2 MiB" of a size, for texts that name both. */
export function mebibytes(bytes: number): string {
  const size = bytes / MIB;
  return `${Number.isInteger(size) ? size : size.toFixed(1)} MiB`;
}
