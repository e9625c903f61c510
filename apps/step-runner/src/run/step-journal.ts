import type { ChangesetOutcome, LogLine, StepResult } from '@sluice/delegate-protocol';
import { LIMITS, storable, storableText } from '@sluice/kernel';
import { SecretMasker } from '@sluice/secret-masking';
import { StepEventLog } from '@sluice/runner-rpc';
import { fittingResult } from './fitting-result.js';
import { maskOutcome, maskResult, namesIn } from './step-facts.js';

const CUT = ' … (line cut)';

/** A secret that names of changesets are compared with. */
export interface WatchedSecret {
  /** What it is, for people: `password of the database user`. */
  readonly what: string;
  readonly value: string;
}

/** What a step tells, masked and storable before it leaves: the only way from a step's work to its event log. */
export class StepJournal {
  /** Lines of any level are kept for an engine whose stream broke, up to a limit: a step must not fill the memory of its container. The engine has the earlier ones on its disk. */
  readonly events = new StepEventLog([], LIMITS.stepLogBytes);
  private masker: SecretMasker | undefined;
  private watched: readonly WatchedSecret[] = [];

  /** Nothing can be told before the secrets to mask are known. */
  useMasker(masker: SecretMasker): void {
    this.masker = masker;
  }

  /** Names of changesets are shown as they are; a secret that turns out to be a word of one is warned about when the step ends. */
  watch(secrets: readonly WatchedSecret[]): void {
    this.watched = secrets;
  }

  log(level: LogLine['level'], text: string, at = Date.now()): void {
    for (const line of this.mask(text).split(/\r?\n/)) {
      this.write({ level, time: new Date(at).toISOString(), out: cutLine(line) });
    }
  }

  /** @returns what was told: the outcome with its texts masked */
  changeset(outcome: ChangesetOutcome): ChangesetOutcome {
    const told = storable(maskOutcome(outcome, (text) => this.known().mask(text)));
    this.events.append({ changesetJson: JSON.stringify(told) });
    return told;
  }

  finish(result: StepResult): void {
    this.warnOfWords(result);
    this.events.append({
      finishedJson: JSON.stringify(fittingResult(storable(maskResult(result, (text) => this.known().mask(text))))),
    });
  }

  private warnOfWords(result: StepResult): void {
    const names = namesIn(result).join('\n');
    for (const { what, value } of this.watched) {
      if (!new SecretMasker([value]).finds(names)) continue;
      this.log(
        'WARN',
        `the ${what} is a word of the changelog: the id, author, file or tag of a changeset holds it, and these are shown as they are; choose another ${what}`,
      );
    }
  }

  private write(line: LogLine): void {
    this.events.append({ logJson: JSON.stringify(line) });
  }

  private mask(text: string): string {
    return storableText(this.known().mask(text));
  }

  private known(): SecretMasker {
    if (!this.masker) throw new Error('a step told something before its secrets were known');
    return this.masker;
  }
}

/** Cuts by bytes at the border of a character. */
function cutLine(line: string): string {
  if (line.length * 3 <= LIMITS.logLineBytes) return line;
  const bytes = Buffer.from(line);
  if (bytes.length <= LIMITS.logLineBytes) return line;
  return new TextDecoder().decode(bytes.subarray(0, LIMITS.logLineBytes - 64), { stream: true }) + CUT;
}
