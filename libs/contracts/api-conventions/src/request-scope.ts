import { AppError } from '@sluice/kernel';

/** A request before anything in it is validated: any value may stand anywhere. `body` is the parsed JSON, undefined when there is none. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** The place a request is about, below its account. */
interface ScopeIds {
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
}

/** Says where the scope of a route stands. Pure; takes any junk. May throw AppError INVALID_REQUEST when the request names two places. */
export type ScopeFrom = (raw: RawRequest) => ScopeIds;

/**
 * Where it stands unless the route says otherwise: path `:org` and `:project`; on a path without `:org`, query `orgIdentifier` and `projectIdentifier`.
 * The query is not looked at once the path names an org, so that a right in one project never counts for its whole org.
 */
export const scopeFromPathOrQuery: ScopeFrom = ({ params, query }) => {
  const org = textAt(params, 'org');
  return org
    ? { orgId: org, projectId: textAt(params, 'project') }
    : { orgId: textAt(query, 'orgIdentifier'), projectId: textAt(query, 'projectIdentifier') };
};

/** For what exists once per account, whatever scope keys clients append. */
export const scopeOfAccount: ScopeFrom = () => ({});

/** The org a path parameter names. */
export function scopeOfOrgIn(param: string): ScopeFrom {
  return ({ params }) => ({ orgId: textAt(params, param) });
}

/**
 * Query or body, for creates and updates: some clients name the scope in the query, some in the body, some in both (api-contract 3). What is
 * given twice must agree.
 * @param wrapper the property of the body that holds the entity, such as `connector`; the body itself when absent
 */
export function scopeFromQueryOrBody(wrapper?: string): ScopeFrom {
  return ({ query, body }) => {
    const entity = wrapper === undefined ? body : propertyOf(body, wrapper);
    return { orgId: agreed('orgIdentifier', query, entity), projectId: agreed('projectIdentifier', query, entity) };
  };
}

/** As `scopeFromQueryOrBody`, for the org alone: the scope of creating a project. */
export function orgFromQueryOrBody(wrapper: string): ScopeFrom {
  return ({ query, body }) => ({ orgId: agreed('orgIdentifier', query, propertyOf(body, wrapper)) });
}

/** The project a path parameter names, in the org of the query or of the body. */
export function scopeOfProjectIn(param: string, wrapper?: string): ScopeFrom {
  return ({ params, query, body }) => ({
    orgId: agreed('orgIdentifier', query, wrapper === undefined ? undefined : propertyOf(body, wrapper)),
    projectId: textAt(params, param),
  });
}

function agreed(field: 'orgIdentifier' | 'projectIdentifier', query: unknown, body: unknown): string | undefined {
  const [inQuery, inBody] = [textAt(query, field), textAt(body, field)];
  if (inQuery && inBody && inQuery !== inBody) {
    throw new AppError(
      'INVALID_REQUEST',
      `${field} is "${inQuery}" in the query and "${inBody}" in the body; send one of them`,
      { fields: [{ field, error: 'differs between query and body' }] },
    );
  }
  return inQuery ?? inBody;
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const found = propertyOf(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
