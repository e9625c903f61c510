import { expect, it } from '@jest/globals';
import { changesetTable, countChangesets, countsInWords } from './changeset-table.js';

const changesets = [
  {
    changeSet: 'later',
    author: 'shop',
    fileName: 'db/two.sql',
    status: 'Not_Deployed',
    planExecutionId: 'us',
    deployedAt: 0,
  },
  {
    changeSet: 'orders',
    author: 'shop',
    fileName: 'db/two.sql',
    status: 'Successfully_Deployed',
    planExecutionId: 'us',
    tag: 'v1',
    deployedAt: 20,
  },
  {
    changeSet: 'customers-email',
    author: 'shop',
    fileName: 'db/one.yaml',
    status: 'Successfully_Deployed',
    planExecutionId: 'before-us',
    deployedAt: 10,
  },
  {
    changeSet: 'customers',
    author: 'shop',
    fileName: 'db/one.yaml',
    status: 'Successfully_Deployed',
    planExecutionId: 'before-us',
    deployedAt: 10,
  },
];

it('shows what this run did and what was there before, oldest first', () => {
  expect(changesetTable(changesets, 'us').split('\n')).toEqual([
    'CHANGESET        AUTHOR  FILE         STATUS        RUN     TAG',
    'customers        shop    db/one.yaml  deployed      before',
    'customers-email  shop    db/one.yaml  deployed      before',
    'orders           shop    db/two.sql   deployed      now     v1',
    'later            shop    db/two.sql   not deployed',
  ]);
});

it('shows what failed after what was deployed before it, and before what was not reached', () => {
  const failed = {
    changeSet: 'returns',
    author: 'shop',
    fileName: 'db/two.sql',
    status: 'Deployment_Failed',
    planExecutionId: 'us',
    deployedAt: 0,
  };
  const names = changesetTable([...changesets.slice(0, 1), failed, ...changesets.slice(1)], 'us')
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names).toEqual(['CHANGESET', 'customers', 'customers-email', 'orders', 'returns', 'later']);
});

it('cuts names that are wider than a terminal, at the border of a character', () => {
  const long = {
    changeSet: '😀'.repeat(5_000),
    author: 'shop',
    fileName: 'db/two.sql',
    status: 'Not_Deployed',
    planExecutionId: 'us',
    deployedAt: 0,
  };
  expect(changesetTable([long], 'us').split('\n')[1]).toBe(`${'😀'.repeat(79)}…  shop    db/two.sql  not deployed`);
});

it('counts what is deployed, and by this run', () => {
  expect(countChangesets(changesets, 'us')).toEqual({ deployed: 3, byThisRun: 1 });
});

it('says so when nothing is known', () => {
  expect(changesetTable([], 'us')).toBe('No changesets are known for this instance.');
});

it('says of a history that is longer than what is shown only what is known', () => {
  expect(countsInWords({ changesets, isWhole: true }, 'us')).toBe('1 changeset(s) run now, 3 deployed in all');
  expect(countsInWords({ changesets, isWhole: false }, 'us')).toBe(
    '1 changeset(s) run now; the newest 4 are shown, the UI has them all',
  );
  expect(countsInWords({ changesets: changesets.slice(1, 2), isWhole: false }, 'us')).toBe(
    'at least 1 changeset(s) run now; the newest 1 are shown, the UI has them all',
  );
});

it('counts nothing of a database whose state is not known', () => {
  const words = countsInWords({ changesets, isWhole: true, unknownSince: 1_795_910_400 }, 'us');
  expect(words).toMatch(/^the state of the database is not known since 2026-11-29T/);
  expect(words).not.toContain('deployed in all');
});
