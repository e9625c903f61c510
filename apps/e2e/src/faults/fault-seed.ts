import { Random } from '@sluice/testing';

/** Changesets of the deployment that faults hit. */
export const CHANGESETS = 10;

/** Of one case, on a slow machine with all its restarts and waits. */
export const CASE_LIMIT_MS = 1_200_000;

/** Each service of the control plane in a process of its own, each killed by itself: `SLUICE_FAULT_SEPARATE=1`. */
export const isSeparate = numberFrom('SLUICE_FAULT_SEPARATE', 0) === 1;

/** When a fault hits a run: after the run was accepted (`changesets` 0) or so many changesets were applied, and a little later. */
export interface Moment {
  readonly changesets: number;
  readonly plusMs: number;
}

/** Places in the time from acceptance to the first changeset: fetching, sealing, the start of the pod. */
const START_SPAN_MS = 2_000;
/** About two changesets: the moment also falls between two of them. */
const CHANGESET_SPAN_MS = 200;

/** First seed; the others follow it. `SLUICE_FAULT_SEED`, 1 by default. */
const first = numberFrom('SLUICE_FAULT_SEED', 1);

/** Seeds of this run of the suite: `SLUICE_FAULT_SEEDS` of them, 1 by default. @throws Error when a variable is no whole number */
export const seeds: readonly number[] = Array.from(
  { length: numberFrom('SLUICE_FAULT_SEEDS', 1) },
  (_, index) => first + index,
);

/** Random choices of one case, the same for the same seed and name. */
export function randomFor(seed: number, name: string): Random {
  return new Random(
    [...name].reduce((state, letter) => (Math.imul(state, 31) + (letter.codePointAt(0) ?? 0)) | 0, seed),
  );
}

/** Any moment of a deployment, its start included; `earliest` and `latest` narrow it to so many changesets. */
export function anyMoment(random: Random, earliest = 0, latest = CHANGESETS - 1): Moment {
  const changesets = earliest + Math.floor(random.next() * (latest + 1 - earliest));
  return { changesets, plusMs: Math.floor(random.next() * (changesets === 0 ? START_SPAN_MS : CHANGESET_SPAN_MS)) };
}

export function describeMoment({ changesets, plusMs }: Moment): string {
  return changesets === 0 ? `${plusMs} ms after it was accepted` : `${plusMs} ms after changeset ${changesets}`;
}

function numberFrom(variable: string, fallback: number): number {
  const text = process.env[variable] ?? String(fallback);
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${variable} "${text}" must be a whole number`);
  return Number(text);
}
