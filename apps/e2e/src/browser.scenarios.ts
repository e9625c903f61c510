import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Stack } from '@sluice/local-stack';
import { chromium, type Page } from 'playwright-core';
import { z } from 'zod';
import { tables } from './harness/changelogs.js';
import { Project, applyStep, group, stage } from './harness/project.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function browserScenarios(stack: () => Stack): void {
  describe('the UI in a browser', () => {
    it('signs in, lists executions, shows one with its graph and log, and where each changeset is', async () => {
      const project = await Project.create(stack());
      const target = await project.target({ files: tables('seen', 2), changelog: 'changelog.sql' });
      const run = await project.run(await project.pipeline({ stages: [stage('database', [group('migrate', [applyStep('apply', target)])])] }));
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

        await addInstances(project, target.schema, 26);
        await page.reload();
        await page.getByRole('status').filter({ hasText: '1–25 of 27 instances' }).waitFor();
        await page.getByRole('button', { name: 'Page 2 of instances' }).click();
        await page.getByRole('status').filter({ hasText: '26–27 of 27 instances' }).waitFor();
        await page.getByRole('columnheader', { name: 'More 26', exact: false }).waitFor();
        expect(await page.getByRole('columnheader').count()).toBe(3);
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

/** Instances nothing was rolled out to, named so that they come last. */
async function addInstances({ gateway, at }: Project, schema: string, count: number): Promise<void> {
  const instances = `/v1/orgs/${at.org}/projects/${at.project}/dbschema/${schema}/instance`;
  const [one] = z.tuple([z.looseObject({ connector: z.string() })]).parse(await gateway.call('POST', `${instances}list`, { body: {} }));
  for (let number = 1; number <= count; number += 1) {
    const id = String(number).padStart(2, '0');
    await gateway.call('POST', instances, { body: { identifier: `more_${id}`, name: `More ${id}`, connector: one.connector, branch: 'main' } });
  }
}

/** A fresh browser for one visit; what its pages throw fails the test. */
async function inBrowser(visit: (page: Page) => Promise<void>): Promise<void> {
  if (!CHROMIUM) throw new Error("Debian's chromium is missing; install it with: apt-get install chromium");
  const profile = mkdtempSync(join(tmpdir(), 'sluice-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS, headless: true });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await visit(page);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function signIn(page: Page, stack: Stack, apiKey: string): Promise<void> {
  await page.goto(`${stack.gatewayUrl}/ng/`);
  await page.getByLabel('API key').fill(apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
