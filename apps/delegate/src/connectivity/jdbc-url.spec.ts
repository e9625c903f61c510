import { describe, expect, it } from '@jest/globals';
import { parseJdbcUrl } from './jdbc-url.js';

describe('JDBC URLs', () => {
  it.each([
    ['jdbc:postgresql://db:5433/orders?sslmode=require&x=a%20b', { vendor: 'postgresql', host: 'db', port: 5433, database: 'orders', parameters: { sslmode: 'require', x: 'a b' } }],
    ['jdbc:mysql://db', { vendor: 'mysql', host: 'db', port: 3306, database: '', parameters: {} }],
    ['jdbc:sqlserver://db:1433;databaseName=orders;encrypt=true', { vendor: 'sqlserver', host: 'db', port: 1433, database: '', parameters: { databaseName: 'orders', encrypt: 'true' } }],
    ['jdbc:aws-wrapper:postgresql://[::1]/x', { vendor: 'postgresql', host: '::1', port: 5432, database: 'x', parameters: {} }],
  ])('reads %s', (url, parts) => {
    expect(parseJdbcUrl(url)).toEqual(parts);
  });

  it.each(['', 'postgresql://h/d', 'jdbc:postgresql:orders', 'jdbc:unknown://h/d', 'jdbc:postgresql://h:99999/d'])('refuses "%s" with an example of a good one', (url) => {
    expect(() => parseJdbcUrl(url)).toThrow('is not a JDBC URL this test understands; write for example');
  });
});
