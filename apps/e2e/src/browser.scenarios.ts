import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import type { Stack } from '@sluice/local-stack';
import { chromium, type Locator, type Page } from 'playwright-core';
import { stringify } from 'yaml';
import { z } from 'zod';
import { sqlChangelog, tables, type RepositoryFiles } from './harness/changelogs.js';
import { keyOfPersonWith } from './harness/person.js';
import { Project, applyStep, group, stage } from './harness/project.js';
import { HOLD, whileHeld } from './harness/schema-dump.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** For the start of the browser and for what a page shows: there to end a broken test. */
const PATIENCE_MS = 180_000;

export function browserScenarios(stack: () => Stack): void {
  describe('the UI in a browser', () => {
    it('signs in, lists executions, shows one with its graph and log, and where each changeset is', async () => {
      const project = await Project.create(stack());
      const target = await project.target({ files: labelled('seen', 2), changelog: 'changelog.sql' });
      const run = await project.run(
        await project.pipeline({ stages: [stage('database', [group('migrate', [applyStep('apply', target)])])] }),
      );
      expect(run.status).toBe('Success');
      await inBrowser(async (page) => {
        await signIn(page, stack(), 'pat.wrong.key.secret');
        await page.getByRole('alert').filter({ hasText: 'not accepted' }).waitFor();
        await signIn(page, stack(), stack().apiKey);
        await page.getByRole('heading', { name: 'Projects' }).waitFor();
        const base = `${stack().gatewayUrl}/ng/account/${stack().accountId}`;
        const inProject = `/orgs/${project.at.org}/projects/${project.at.project}`;
        await page.goto(`${base}/all${inProject}/deployments`);
        await page.getByRole('heading', { name: 'Executions', exact: true }).waitFor();
        await page.getByRole('link', { name: 'Scenario, run 1' }).click();
        await page.getByTestId('execution-status').filter({ hasText: 'Success' }).waitFor();
        await page.getByRole('treeitem', { name: 'apply, Success', exact: true }).locator(':scope > div').click();
        await page.getByRole('log', { name: 'Log of apply', exact: true }).getByText('seen-2').first().waitFor();
        await page.goto(`${base}/module/dbops${inProject}/dbops/db-schemas/${target.schema}`);
        for (const changeset of ['seen-1', 'seen-2']) {
          await page.getByRole('button', { name: new RegExp(`^${changeset} on .*: Deployed$`) }).waitFor();
        }

        await page.goto(
          `${base}/module/dbops${inProject}/dbops/db-schemas/${target.schema}/instances/${target.instance}/migrationstate`,
        );
        await page
          .getByTestId('changeset-row')
          .filter({ hasText: 'seen-1' })
          .filter({ hasText: 'labels seen' })
          .waitFor();
        await page.goto(`${base}/module/dbops${inProject}/dbops/db-schemas/${target.schema}`);

        await addInstances(project, target.schema, 26);
        await page.reload();
        await page.getByRole('status').filter({ hasText: '1–25 of 27 instances' }).waitFor();
        await page.getByRole('button', { name: 'Page 2 of instances' }).click();
        await page.getByRole('status').filter({ hasText: '26–27 of 27 instances' }).waitFor();
        await page.getByRole('columnheader', { name: 'More 26', exact: false }).waitFor();
        expect(await page.getByRole('columnheader').count()).toBe(3);
      });
    });

    it('opens a page at every link of the contract, and says of what does not exist that it was not found', async () => {
      const project = await Project.create(stack());
      const target = await project.target({ files: tables('linked', 1), changelog: 'changelog.sql' });
      const pipeline = await project.pipeline({
        stages: [stage('database', [group('migrate', [applyStep('apply', target)])])],
      });
      await addPipelineParts(project, pipeline);
      await inBrowser(async (page) => {
        await signIn(page, stack(), stack().apiKey);
        await page.getByRole('heading', { name: 'Projects' }).waitFor();
        const account = `${stack().gatewayUrl}/ng/account/${stack().accountId}`;
        const inProject = `/orgs/${project.at.org}/projects/${project.at.project}`;
        const all = `${account}/all${inProject}`;
        const schemas = `/dbops/db-schemas`;
        const shows = async (address: string, heading: string, content: Locator): Promise<void> => {
          await page.goto(address);
          await page.getByRole('heading', { name: heading, exact: true }).waitFor();
          await content.first().waitFor();
        };
        await shows(
          `${account}/settings/organizations/${project.at.org}`,
          `Projects of ${project.at.org}`,
          page.getByTestId('project-card'),
        );
        await shows(all, 'Executions', page.getByText('Nothing has run here yet'));
        await shows(`${all}/pipelines`, 'Pipelines', page.getByTestId('pipeline-row'));
        await shows(
          `${all}/pipelines/${pipeline}/pipeline-studio`,
          pipeline,
          page.getByRole('region', { name: 'Pipeline YAML' }),
        );
        await shows(
          `${all}/pipelines/${pipeline}/triggers`,
          `Triggers of ${pipeline}`,
          page.getByTestId('trigger-row').filter({ hasText: 'Switched off' }),
        );
        await shows(
          `${all}/pipelines/${pipeline}/input-sets`,
          `Input sets of ${pipeline}`,
          page.getByTestId('input-set-row').filter({ hasText: 'Nightly values' }),
        );
        await shows(
          `${all}/settings/connectors/${target.schema}_jdbc`,
          'Database',
          page.getByText('jdbc:postgresql').first(),
        );
        await page.getByRole('button', { name: 'Test connection' }).waitFor();
        await shows(
          `${all}/setup/resources/secrets/${target.schema}_password`,
          'Password',
          page.getByText('Has a value'),
        );
        expect(await page.content()).not.toContain(stack().customerDatabase.password);
        await shows(`${all}/settings/connectors`, 'Connectors', page.getByTestId('connector-row'));
        await shows(`${all}/setup/resources/secrets`, 'Secrets', page.getByTestId('secret-row'));
        await shows(
          `${account}/settings/resources/delegates`,
          'Delegates',
          page.getByTestId('delegate-row').filter({ hasText: 'Connected' }),
        );
        await shows(
          `${account}/settings/resources/delegates/tokens`,
          'Delegate tokens',
          page.getByTestId('delegate-token-row'),
        );
        await shows(
          `${account}/module/dbops${inProject}${schemas}/${target.schema}`,
          'Schema',
          page.getByText('Nothing deployed yet'),
        );
        await shows(
          `${account}/module/dbops${inProject}${schemas}/${target.schema}/instances/${target.instance}/migrationstate`,
          'Schema',
          page.getByText(target.instance),
        );

        const nowhere = `/orgs/${project.at.org}/projects/nowhere`;
        for (const [address, what] of [
          [`${account}/settings/organizations/nowhere`, 'Organization "nowhere"'],
          [`${account}/all/orgs/nowhere/projects/nowhere/deployments`, 'Project "nowhere"'],
          [`${account}/all${nowhere}/deployments`, 'Project "nowhere"'],
          [`${account}/all${nowhere}/settings/connectors/x`, 'Project "nowhere"'],
          [`${account}/all${nowhere}/pipelines/x/deployments/y/pipeline`, 'Project "nowhere"'],
          [`${account}/module/dbops${nowhere}${schemas}`, 'Project "nowhere"'],
          [`${account}/module/dbops${nowhere}${schemas}/x/instances/y/migrationstate`, 'Project "nowhere"'],
          [`${all}/pipelines/nothing/pipeline-studio`, 'This pipeline'],
          [`${all}/pipelines/nothing/deployments`, 'Pipeline "nothing"'],
          [`${all}/pipelines/nothing/triggers`, 'Pipeline "nothing"'],
          [`${all}/pipelines/nothing/input-sets`, 'Pipeline "nothing"'],
          [`${all}/pipelines/${pipeline}/deployments/nothing/pipeline`, 'This execution'],
          [`${all}/settings/connectors/nothing`, 'Connector "nothing"'],
          [`${all}/setup/resources/secrets/nothing`, 'Secret "nothing"'],
          [`${account}/module/dbops${inProject}${schemas}/nothing`, 'DB schema "nothing"'],
          [
            `${account}/module/dbops${inProject}${schemas}/${target.schema}/instances/nothing/migrationstate`,
            'DB instance "nothing"',
          ],
        ] as const) {
          await page.goto(address);
          await page.getByText(`${what} was not found`).first().waitFor();
          expect([address, await page.getByRole('button', { name: /^Run / }).count()]).toEqual([address, 0]);
        }
      });
    });

    it('offers Run and tests to who may, says so where there is no right, and names the run that another one waits for', async () => {
      const project = await Project.create(stack());
      const target = await project.target({
        files: { 'changelog.sql': sqlChangelog([{ id: 'slow', sql: HOLD }]) },
        changelog: 'changelog.sql',
      });
      const pipeline = await project.pipeline({
        stages: [stage('database', [group('migrate', [applyStep('apply', target)])])],
      });
      const beside = await Project.create(stack());
      const base = `${stack().gatewayUrl}/ng/account/${stack().accountId}/all/orgs/${project.at.org}/projects`;
      await whileHeld(target.url, async () => {
        const runs = [await project.start(pipeline), await project.start(pipeline)];
        const waiting = await waitFor(
          async () => {
            const views = await Promise.all(runs.map((id) => project.read(id)));
            return views.find(({ nodes }) =>
              nodes.some(({ identifier, status }) => identifier === 'apply' && status === 'ResourceWaiting'),
            )?.id;
          },
          { timeoutMs: 120_000, what: 'one of the runs waits' },
        );
        const holder = runs.find((id) => id !== waiting) ?? '';
        await inBrowser(async (page) => {
          await signIn(page, stack(), await keyOfPersonWith('_viewer', project));
          await page.getByRole('heading', { name: 'Projects' }).waitFor();
          await page.goto(`${base}/${project.at.project}/pipelines`);
          await page.getByRole('link', { name: 'YAML of Scenario' }).click();
          await page.getByRole('region', { name: 'Pipeline YAML' }).waitFor();
          expect(await page.getByRole('button', { name: /^Run / }).count()).toBe(0);
          await page.goto(`${base}/${project.at.project}/settings/connectors/${target.schema}_jdbc`);
          await page.getByText('jdbc:postgresql').first().waitFor();
          expect(await page.getByRole('button', { name: 'Test connection' }).count()).toBe(0);
          await page.goto(`${base}/${beside.at.project}/deployments`);
          await page.getByText(`Project "${beside.at.project}" is not open to this API key`).waitFor();

          await page.goto(`${base}/${project.at.project}/pipelines/${pipeline}/deployments/${waiting}/pipeline`);
          await page.getByText(`(execution ${holder}) has held it since`, { exact: false }).waitFor();
          await page.getByTestId('resource-holder').click();
          await page.waitForURL(`**/${holder}/pipeline**`);
          await page.getByTestId('execution-status').filter({ hasText: 'Running' }).waitFor();
          expect(await page.getByRole('button', { name: 'Abort' }).count()).toBe(0);
        });
        await inBrowser(async (page) => {
          await signIn(page, stack(), await keyOfPersonWith('_pipeline_executor', project));
          await page.getByRole('heading', { name: 'Projects' }).waitFor();
          await page.goto(`${base}/${project.at.project}/pipelines`);
          await page.getByRole('button', { name: `Run ${pipeline}` }).waitFor();
          await page.goto(`${base}/${project.at.project}/pipelines/${pipeline}/deployments/${holder}/pipeline`);
          await page.getByRole('button', { name: 'Abort' }).waitFor();
        });
        for (const id of [waiting, holder]) {
          await project.gateway.call('PUT', `/pipeline/api/pipeline/execute/interrupt/${id}`, {
            query: { ...project.scope, interruptType: 'AbortAll' },
          });
          expect((await project.ended(id)).status).toBe('Aborted');
        }
      });
    });

    it('tries a route of the documentation out, with the key typed in', async () => {
      await inBrowser(async (page) => {
        await page.goto(`${stack().gatewayUrl}/gateway/docs/`);
        await page.getByRole('link', { name: 'ng-manager', exact: true }).click();
        await page.getByRole('button', { name: 'Authorize' }).click();
        const apiKey = page.locator('.auth-container').filter({ hasText: 'x-api-key' });
        await apiKey.getByLabel('Value:').fill(stack().apiKey);
        await apiKey.getByRole('button', { name: 'Apply credentials' }).click();
        await apiKey.getByRole('button', { name: 'Close' }).click();
        await page.locator('#operations-tag-user').click();
        const operation = page.locator('#operations-user-getCurrentUser');
        await operation.getByRole('button').first().click();
        await operation.getByRole('button', { name: 'Execute' }).click();
        await operation.locator('.live-responses-table').getByText('"email"').first().waitFor();
      });
    });
  });
}

/** Tables whose first changeset has a label. */
function labelled(prefix: string, count: number): RepositoryFiles {
  const files = tables(prefix, count);
  return {
    ...files,
    'changelog.sql': (files['changelog.sql'] ?? '').replace(`e2e:${prefix}-1`, `e2e:${prefix}-1 labels:${prefix}`),
  };
}

/** Instances nothing was rolled out to, named so that they come last. */
async function addInstances({ gateway, at }: Project, schema: string, count: number): Promise<void> {
  const instances = `/v1/orgs/${at.org}/projects/${at.project}/dbschema/${schema}/instance`;
  const [one] = z
    .tuple([z.looseObject({ connector: z.string() })])
    .parse(await gateway.call('POST', `${instances}list`, { body: {} }));
  for (let number = 1; number <= count; number += 1) {
    const id = String(number).padStart(2, '0');
    await gateway.call('POST', instances, {
      body: { identifier: `more_${id}`, name: `More ${id}`, connector: one.connector, branch: 'main' },
    });
  }
}

/** A trigger and an input set, as links lead to. */
async function addPipelineParts({ gateway, at, scope }: Project, pipeline: string): Promise<void> {
  const place = { orgIdentifier: at.org, projectIdentifier: at.project };
  const inputSet = { identifier: 'nightly', name: 'Nightly values', ...place, pipeline: { identifier: pipeline } };
  await gateway.call('POST', '/pipeline/api/inputSets', {
    query: { ...scope, pipelineIdentifier: pipeline },
    yaml: stringify({ inputSet }),
  });
  const source = { type: 'Scheduled', spec: { type: 'Cron', spec: { expression: '0 3 * * *' } } };
  const trigger = {
    identifier: 'nightly',
    name: 'Nightly',
    enabled: false,
    ...place,
    pipelineIdentifier: pipeline,
    source,
    inputYaml: '',
  };
  await gateway.call('POST', '/pipeline/api/triggers', {
    query: { ...scope, targetIdentifier: pipeline },
    yaml: stringify({ trigger }),
  });
}

/** A fresh browser for one visit; what its pages throw fails the test. */
async function inBrowser(visit: (page: Page) => Promise<void>): Promise<void> {
  if (!CHROMIUM) throw new Error("Debian's chromium is missing; install it with: apt-get install chromium");
  const profile = mkdtempSync(join(tmpdir(), 'sluice-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    headless: true,
    timeout: PATIENCE_MS,
  });
  try {
    browser.setDefaultTimeout(PATIENCE_MS);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await visit(page);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // a process of the browser may still write
  }
}

async function signIn(page: Page, stack: Stack, apiKey: string): Promise<void> {
  await page.goto(`${stack.gatewayUrl}/ng/`);
  await page.getByLabel('API key').fill(apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
