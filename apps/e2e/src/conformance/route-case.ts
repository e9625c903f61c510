import type { Permission } from '@sluice/api-conventions';
import type { World } from './world.js';

/** A request to one route, without its method and path. */
export interface CaseRequest {
  readonly params?: Readonly<Record<string, string>>;
  /** Lists give repeated keys. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent instead of `json`, as it is. */
  readonly raw?: { readonly contentType: string; readonly body: string | Uint8Array<ArrayBuffer> };
  /** Sent instead of `json`, as multipart/form-data: texts as fields, bytes as a file. */
  readonly form?: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is changed of a working request; params and query are joined, a body is replaced. A query key with an empty list is left out. */
export type RequestChange = CaseRequest;

/** Parts of an answer; texts of which only a part is known are made with `partOf`. */
type KnownParts = string | number | boolean | readonly unknown[] | { readonly [key: string]: unknown };

/** Why a kind of test makes no sense for a route. */
export interface NotApplicable {
  readonly none: string;
}

/** A request the route refuses: a 400 whose body names `field`. */
export interface InvalidCase {
  readonly change: RequestChange;
  /** Stands in the message, or in `errors[].fieldId` where the generation has it. */
  readonly field: string;
  /** 400 when absent; the contract names another for some (412, 415, 422). */
  readonly status?: number;
}

/** A request for what does not exist. */
export interface MissingCase {
  readonly change: RequestChange;
  /** 404 when absent. */
  readonly status?: number;
  /** The contract's code, where the generation has codes. */
  readonly code?: string;
}

/**
 * One public route: a working request and each way it goes wrong. Who is refused is not written here: it follows from the access
 * the route declares.
 */
export interface RouteCase {
  /** The working request. It makes what it needs under names of its own, so that cases do not meet. Called once per run. */
  readonly request: (world: World) => CaseRequest | Promise<CaseRequest>;
  /** What a working request answers, where that is not the route's own success status: a documented 4xx of what is not served yet. */
  readonly status?: number;
  /** Parts of the answer (the data, without its envelope) beyond its schema: the fields clients read. */
  readonly answers?: KnownParts | ((world: World, request: CaseRequest) => unknown);
  /** Looks at the whole answer, for text, bytes and streams. Answers what is wrong with it. */
  readonly check?: (text: string, headers: Headers) => string | undefined;
  readonly invalid: ((world: World) => InvalidCase) | InvalidCase | NotApplicable;
  readonly missing: ((world: World) => MissingCase) | MissingCase | NotApplicable;
  /**
   * For routes whose definition leaves the right to their handler (`authenticated`, `public`): the permission it asks for at our project,
   * `self` when anybody signed in gets an answer about themselves or about nobody, `listed` when the answer holds only what the caller's roles reach,
   * `proof` when nobody's key counts, but a token or a signature.
   */
  readonly rights?: Permission | 'self' | 'listed' | 'proof';
  /** What another account may get for the same request besides a refusal or an empty list. */
  readonly otherAccount?: 'an answer of its own';
}

/** Cases by the id of their route. */
export type RouteCases = Readonly<Record<string, RouteCase>>;

export function isApplicable<T extends object>(value: T | NotApplicable): value is T {
  return !('none' in value);
}

/** The first value of a query key that is sent repeatedly. */
export function firstOf(query: CaseRequest['query'], key: string): string | undefined {
  const value = query?.[key];
  return Array.isArray(value) ? (value as readonly string[])[0] : undefined;
}
