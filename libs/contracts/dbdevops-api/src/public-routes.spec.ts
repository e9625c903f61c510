import { describe, expect, it } from '@jest/globals';
import { openApiDocument } from '@sluice/api-conventions';
import { z } from 'zod';
import { atDbdevops, publicDbDevopsRoutes } from './public-routes.js';

describe('the public DB DevOps routes', () => {
  it('are named once each', () => {
    const ids = publicDbDevopsRoutes.map((route) => route.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('have an address and method of their own', () => {
    const addresses = publicDbDevopsRoutes.map((route) => `${route.method} ${route.path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it('say {message} on errors and declare a permission', () => {
    for (const route of publicDbDevopsRoutes) {
      expect({ id: route.id, style: route.style, hasPermission: typeof route.access === 'object' }).toEqual({
        id: route.id,
        style: 'v1',
        hasPermission: true,
      });
    }
  });

  it('have a parameter schema for exactly the parameters of their path', () => {
    for (const route of publicDbDevopsRoutes) {
      const inPath = [...route.path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1]).sort();
      const inSchema = route.params instanceof z.ZodObject ? Object.keys(route.params.shape).sort() : [];
      expect({ id: route.id, parameters: inSchema }).toEqual({ id: route.id, parameters: inPath });
    }
  });

  it('check the account of the query, and drop keys they do not know', () => {
    for (const route of publicDbDevopsRoutes) {
      const query = route.query as z.ZodObject;
      expect({
        id: route.id,
        hasAccount: 'accountIdentifier' in query.shape,
        isStrict: query.def.catchall instanceof z.ZodNever,
      }).toEqual({ id: route.id, hasAccount: true, isStrict: false });
    }
  });

  it('answer 201 to what creates and 204 with nothing', () => {
    for (const route of publicDbDevopsRoutes.filter((one) => one.status === 204))
      expect(route.response.safeParse(undefined).success).toBe(true);
    for (const route of publicDbDevopsRoutes.filter((one) => one.id.startsWith('create')))
      expect(route.status).toBe(201);
  });

  it('are served by dbdevops under its own prefix, to NG manager only', () => {
    for (const route of publicDbDevopsRoutes) {
      expect(atDbdevops(route)).toEqual({ ...route, path: `/dbdevops${route.path}`, callers: ['ng-manager'] });
    }
  });

  it('can be described as OpenAPI', () => {
    const document = openApiDocument('dbdevops', '1', publicDbDevopsRoutes) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const operations = Object.values(document.paths).flatMap((path) => Object.keys(path));
    expect(operations).toHaveLength(publicDbDevopsRoutes.length);
  });
});
