import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Stack } from '@sluice/local-stack';
import { chromium, type Page } from 'playwright-core';
import { tables } from './harness/changelogs.js';
import { Project, applyStep, group, stage } from './harness/project.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function browserScenarios(stack: () => Stack): void {
  describe('the UI in a browser', () => {
    it('signs in, lists executions, shows one with its graph and log, and where each changeset is', async () => {
      if (!CHROMIUM) throw new Error("Debian's chromium is missing; install it with: apt-get install chromium");
      const project = await Project.create(stack());
      const target = await project.target({ files: tables('seen', 2), changelog: 'changelog.sql' });
      const run = await project.run(await project.pipeline({ stages: [stage('database', [group('migrate', [applyStep('apply', target)])])] }));
      const profile = mkdtempSync(join(tmpdir(), 'sluice-chromium-'));
      const browser = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS, headless: true });
      try {
        const page = await browser.newPage();
        const complaints: string[] = [];
        page.on('pageerror', (error) => complaints.push(error.message));
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
        expect(run.status).toBe('Success');
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
        rmSync(profile, { recursive: true, force: true });
      }
    });
  });
}

async function signIn(page: Page, stack: Stack, apiKey: string): Promise<void> {
  await page.goto(`${stack.gatewayUrl}/ng/`);
  await page.getByLabel('API key').fill(apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
