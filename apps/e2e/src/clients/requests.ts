import { accountOf } from '@sluice/cli';

/** What came back, read as both clients read it: status first, then JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined for an empty body. */
  readonly body: unknown;
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A project to work in. */
export interface Place {
  readonly org: string;
  readonly project: string;
}

/**
 * Which identifiers a request of the MCP client carries in its query (api-contract 7): `A` the account twice, `S` that and org and project, `AO` that and
 * the org alone, `OP` org and project alone.
 */
export type QueryScope = 'A' | 'S' | 'AO' | 'OP';

/** One request as api-contract 7 writes it. */
export interface McpRequest {
  readonly method: Method;
  /** As the client emits it with a base without path. `{org}`, `{project}` and the client's other names are filled in here, in the query and in bodies. */
  readonly path: string;
  readonly scope: QueryScope;
  readonly query?: Query;
  readonly body?: object;
  /** `+OP`: org and project join the body, inside this key or, for an empty text, at its root. */
  readonly addsScopeTo?: string;
  /** Text labelled `application/yaml`; may be empty. */
  readonly yaml?: string;
}

/** There to end a broken test; the clients themselves wait 30 s. */
const TIMEOUT_MS = 120_000;

/** Sends what the MCP client sends: its URL rules, its headers, its bodies. */
export class McpClient {
  readonly account: string;
  private readonly base: URL;

  /** @param baseUrl with or without a path such as `/gateway` */
  constructor(
    baseUrl: string,
    private readonly apiKey: string,
    readonly place: Place,
    private readonly names: Readonly<Record<string, string>> = {},
  ) {
    this.account = accountOf(apiKey);
    this.base = new URL(baseUrl);
  }

  /** The same client, pointed at another project. */
  at(place: Place): McpClient {
    return new McpClient(this.base.href, this.apiKey, place, this.names);
  }

  /** The same client, with more names to fill in: of what exists only once tests run. */
  knowing(names: Readonly<Record<string, string>>): McpClient {
    return new McpClient(this.base.href, this.apiKey, this.place, { ...this.names, ...names });
  }

  /** The same client with another base URL. */
  over(baseUrl: string): McpClient {
    return new McpClient(baseUrl, this.apiKey, this.place, this.names);
  }

  nameOf(key: string): string {
    return this.fill(`{${key}}`);
  }

  send(request: McpRequest): Promise<Answer> {
    const url = this.urlOf(request.path, { ...this.scopeQuery(request.scope), ...request.query });
    if (request.yaml !== undefined) return this.fetch(request.method, url, this.fill(request.yaml), 'application/yaml');
    const body = this.bodyOf(request);
    return body === undefined
      ? this.fetch(request.method, url)
      : this.fetch(request.method, url, JSON.stringify(body), 'application/json');
  }

  /** GET of any path of the gateway with the account in the log service's spelling too. */
  async getBytes(path: string): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    const url = this.urlOf(path, { ...this.scopeQuery('A'), accountID: this.account });
    const response = await fetch(url, { headers: this.headers(), signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  private async fetch(method: Method, url: URL, body?: string, contentType?: string): Promise<Answer> {
    const headers = { ...this.headers(), ...(contentType ? { 'content-type': contentType } : {}) };
    const response = await fetch(url, { method, headers, body: body ?? null, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return read(response);
  }

  private headers(): Record<string, string> {
    return { 'x-api-key': this.apiKey, 'Harness-Account': this.account };
  }

  /** A path that starts with the base's own path is not prefixed twice. */
  private urlOf(template: string, query: Query): URL {
    const path = this.fill(template);
    const prefix = this.base.pathname.replace(/\/$/, '');
    const url = new URL(prefix !== '' && path.startsWith(`${prefix}/`) ? path : `${prefix}${path}`, this.base.origin);
    return withQuery(
      url,
      Object.fromEntries(
        Object.entries(query).map(([key, value]) => [key, typeof value === 'string' ? this.fill(value) : value]),
      ),
    );
  }

  private fill(text: string): string {
    const names: Readonly<Record<string, string>> = { ...this.place, ...this.names };
    return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => names[name] ?? placeholder);
  }

  private scopeQuery(scope: QueryScope): Query {
    const { org, project } = this.place;
    const account = { accountIdentifier: this.account, routingId: this.account };
    switch (scope) {
      case 'A':
        return account;
      case 'AO':
        return { ...account, orgIdentifier: org };
      case 'OP':
        return { orgIdentifier: org, projectIdentifier: project };
      case 'S':
        return { ...account, orgIdentifier: org, projectIdentifier: project };
    }
  }

  private bodyOf({ body: template, addsScopeTo: key }: McpRequest): object | undefined {
    const body = template && (JSON.parse(this.fill(JSON.stringify(template))) as object);
    if (!body || key === undefined) return body;
    const scope = { orgIdentifier: this.place.org, projectIdentifier: this.place.project };
    return key === ''
      ? { ...body, ...scope }
      : { ...body, [key]: { ...(body as Record<string, object>)[key], ...scope } };
  }
}

/** One request of the Terraform provider. `v1` names org and project in the path and the account in a header; `ng` does it in the query. */
export interface TerraformRequest {
  readonly method: Method;
  /** Below `/gateway`. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, labelled JSON: that is what the Go SDK does with YAML. */
  readonly body?: object | string;
  readonly form?: FormData;
}

const TERRAFORM = { accept: 'application/json', 'user-agent': 'terraform-provider-harness-platform-0.38.0' };

/** Sends what the Terraform provider sends, always below `/gateway`. */
export class TerraformClient {
  readonly account: string;

  constructor(
    private readonly gatewayUrl: string,
    private readonly apiKey: string,
  ) {
    this.account = accountOf(apiKey);
  }

  async send({ method, path, query, headers, body, form }: TerraformRequest): Promise<Answer> {
    const isV1 = path.startsWith('/v1/');
    const url = withQuery(
      new URL(`${this.gatewayUrl}/gateway${path}`),
      isV1 ? (query ?? {}) : { accountIdentifier: this.account, ...query },
    );
    const own = {
      ...TERRAFORM,
      'x-api-key': this.apiKey,
      ...(isV1 ? { 'Harness-Account': this.account } : {}),
      ...headers,
    };
    const content = typeof body === 'string' ? body : body && JSON.stringify(body);
    const response = await fetch(url, {
      method,
      headers: content === undefined ? own : { ...own, 'content-type': 'application/json' },
      body: form ?? content ?? null,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return read(response);
  }
}

/** A 2xx answer that is neither empty nor JSON is an error to both clients. */
async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const answer = { status: response.status, headers: response.headers, text };
  if (text === '') return { ...answer, body: undefined };
  try {
    return { ...answer, body: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new Error(
      `${response.url} answered ${response.status} with something that is no JSON: ${text.slice(0, 200)}`,
      { cause },
    );
  }
}

function withQuery(url: URL, query: Query): URL {
  for (const [key, value] of Object.entries(query)) {
    const values: readonly (string | number | boolean)[] =
      value === undefined ? [] : typeof value === 'object' ? value : [value];
    for (const one of values) url.searchParams.append(key, String(one));
  }
  return url;
}
