import { describe, expect, it } from '@jest/globals';
import { publicDbDevopsRoutes } from '@sluice/dbdevops-api';
import { generatedDocuments } from './generated-documents.js';

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly headers?: object }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<'schemas' | 'responses' | 'securitySchemes', Readonly<Record<string, unknown>>>>;
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly unknown[];
}

const documents = generatedDocuments()
  .filter(({ path }) => path.endsWith('.json'))
  .map(({ path, text }) => ({ path, text, document: JSON.parse(text) as Document }));

function operationsOf({ paths }: Document): Operation[] {
  return Object.values(paths).flatMap((operations) => Object.values(operations));
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

function resolve(document: unknown, reference: string): unknown {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      document,
    );
}

describe.each(documents)('$path', ({ text, document }) => {
  it('resolves every reference', () => {
    const references = referencesIn(document);
    expect(
      references.filter((reference) => !reference.startsWith('#/') || resolve(document, reference) === undefined),
    ).toEqual([]);
    expect(references.length).toBeGreaterThan(0);
  });

  it('calls every shape by a name of its own, without numbers to tell it from others', () => {
    expect(
      Object.keys(document.components.schemas).filter((name) => !/^[A-Z][A-Za-z0-9]*[A-Za-z]$/.test(name)),
    ).toEqual([]);
    expect(text).not.toContain('x-sluice');
  });

  it('keeps no schema nobody refers to', () => {
    const referred = new Set(referencesIn(document));
    expect(
      Object.keys(document.components.schemas).filter((name) => !referred.has(`#/components/schemas/${name}`)),
    ).toEqual([]);
  });

  it('says how every operation fails', () => {
    for (const { operationId, responses } of operationsOf(document)) {
      for (const status of ['400', '404', '500'])
        expect({ operationId, status, error: responses[status]?.$ref }).toMatchObject({
          error: expect.stringMatching(/^#\/components\/responses\//),
        });
    }
  });

  it('can be tried from the page that shows it, with a key or a bearer', () => {
    expect(document).toMatchObject({
      servers: [{ url: '/gateway' }],
      security: [{ apiKey: [] }, { bearer: [] }],
      components: {
        securitySchemes: { apiKey: { in: 'header', name: 'x-api-key' }, bearer: { type: 'http', scheme: 'bearer' } },
      },
    });
  });
});

describe('the document of NG manager', () => {
  const document = documents.find(({ path }) => path.includes('ng-manager'))?.document;
  if (!document) throw new Error('there is none');
  const byId = new Map(operationsOf(document).map((operation) => [operation.operationId, operation]));

  it('has every public DB DevOps route, with {message} on errors and the page in headers', () => {
    for (const route of publicDbDevopsRoutes) {
      const operation = byId.get(route.id);
      expect({ id: route.id, error: operation?.responses['400'] }).toEqual({
        id: route.id,
        error: { $ref: '#/components/responses/Message' },
      });
      if (route.isPaged || route.isPagedObject)
        expect(Object.keys(operation?.responses['200']?.headers ?? {})).toEqual([
          'X-Total-Elements',
          'X-Page-Number',
          'X-Page-Size',
        ]);
    }
  });

  it('calls shapes of the public API what the API calls them', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining([
        'DBSchemaIn',
        'DBSchemaOut',
        'DBInstanceOut',
        'MigrationStateOut',
        'ConnectorResponse',
        'SecretResponse',
        'DelegateToken',
      ]),
    );
  });

  it('lets no client call what services ask each other', () => {
    expect(byId.get('resolveDbStepInputs')).toMatchObject({ security: [{ serviceToken: [] }] });
  });
});
