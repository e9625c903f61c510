import { readdirSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@sluice/kernel';
import { testUser } from '@sluice/testing';
import { unzipSync } from 'fflate';
import { bootstrap } from './bootstrap.js';
import {
  ADMIN,
  OUTSIDER,
  linesOf,
  newRun,
  readTail,
  runLogService,
  type RunningLogService,
} from './testing/running-log-service.js';

const ndjson = (from: number, to: number): string =>
  linesOf(from, to)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
const OTHER_PROJECT = testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'other' }]);

describe('stored logs', () => {
  let service: RunningLogService;
  beforeAll(async () => {
    service = await runLogService();
  });
  afterAll(() => service.stop());

  const upload = async (
    key: string,
    body: NonNullable<RequestInit['body']>,
    headers?: Record<string, string>,
  ): Promise<Response> =>
    service.call(`/blob?accountID=ACC&key=${key}`, {
      method: 'POST',
      headers: headers ?? (await service.pod(key)),
      body,
    });
  const get = async (key: string, who = ADMIN): Promise<Response> =>
    service.call(`/blob?key=${key}`, { headers: await service.user(who) });

  it('come out byte for byte as they went in', async () => {
    const key = `${newRun()}/stage/step`;
    const stored = await upload(key, ndjson(0, 1_000));
    expect([stored.status, await stored.text()]).toEqual([204, '']);
    const response = await get(key);
    expect([response.headers.get('content-type'), Number(response.headers.get('content-length'))]).toEqual([
      'application/x-ndjson; charset=utf-8',
      Buffer.byteLength(ndjson(0, 1_000)),
    ]);
    expect(await response.text()).toBe(ndjson(0, 1_000));
  });

  it('are tailed like live ones, from any line, and end', async () => {
    const key = `${newRun()}/stage/step`;
    await upload(key, `${ndjson(0, 2)}not json\n${ndjson(900, 902)}`);
    const headers = await service.user(ADMIN);
    const { lines, end } = await service.tail(key, headers);
    expect([lines.map(({ id, line }) => [id, line.out]), end]).toEqual([
      [
        [0, 'line 0\n'],
        [1, 'line 1\n'],
        [2, 'not json\n'],
        [900, 'line 900\n'],
        [901, 'line 901\n'],
      ],
      'eof',
    ]);
    expect((await service.tail(key, { ...headers, 'last-event-id': '900' })).lines.map(({ id }) => id)).toEqual([901]);
  });

  it('say that they are missing, in the shape of the log service', async () => {
    const response = await get(`${newRun()}/none`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { error_msg: expect.stringContaining('no stored log'), message: expect.stringContaining('no stored log') },
    ]);
    const nonsense = await get('../../etc/passwd');
    expect([nonsense.status, await nonsense.json()]).toEqual([
      400,
      {
        error_msg: expect.stringContaining('must name one run'),
        message: expect.stringContaining('must name one run'),
      },
    ]);
    expect((await upload('ACC/pipeline/deploy/1/../../x', 'x')).status).toBe(400);
  });

  it('are kept from a live log when it closes with snapshot, unless the pod stored it before', async () => {
    const [live, stored] = [`${newRun()}/a`, `${newRun()}/b`];
    for (const key of [live, stored]) {
      const headers = await service.pod(key);
      await service.call(`/stream?key=${key}`, { method: 'POST', headers });
      await service.call(`/stream?key=${key}&from=0`, { method: 'PUT', headers, body: JSON.stringify(linesOf(0, 3)) });
    }
    await upload(stored, ndjson(7, 8));
    for (const key of [live, stored])
      expect(
        (await service.call(`/stream?key=${key}&snapshot=true`, { method: 'DELETE', headers: await service.pod(key) }))
          .status,
      ).toBe(204);
    const outs = async (key: string): Promise<unknown> =>
      (await (await get(key)).text())
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { out: string }).out);
    expect(await outs(live)).toEqual(['line 0\n', 'line 1\n', 'line 2\n']);
    expect(await outs(stored)).toEqual(['line 7\n']);
  });

  it('are there whole or not at all: an upload that breaks off leaves the log of before', async () => {
    const key = `${newRun()}/stage/step`;
    await upload(key, ndjson(0, 2));
    const headers = await service.pod(key);
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${service.app.url}/log-service/blob?key=${key}`, {
        method: 'POST',
        headers: { ...headers, 'content-length': '1000000' },
      });
      request.on('error', () => resolve()).on('close', () => resolve());
      request.write('x'.repeat(200_000), () => setImmediate(() => request.destroy()));
    });
    await waitFor(() => readdirSync(join(service.blobDir, '@unfinished')).length === 0, {
      timeoutMs: 120_000,
      what: 'the unfinished file gone',
    });
    expect(await (await get(key)).text()).toBe(ndjson(0, 2));
  });

  it('are stored also after somebody has cleared the folder of unfinished files away', async () => {
    const key = `${newRun()}/stage/step`;
    rmSync(join(service.blobDir, '@unfinished'), { recursive: true });
    expect((await upload(key, ndjson(0, 2))).status).toBe(204);
    expect(await (await get(key)).text()).toBe(ndjson(0, 2));
  });

  it('are replaced whole while they are read', async () => {
    const key = `${newRun()}/stage/step`;
    const versions = [1, 2].map(
      (version) => `${JSON.stringify({ level: 'INFO', pos: 0, out: String(version).repeat(300_000), time: 't' })}\n`,
    );
    await upload(key, versions[0] ?? '');
    const reads: Promise<string>[] = [];
    for (let round = 0; round < 10; round += 1) {
      reads.push(...[1, 2, 3].map(async () => (await get(key)).text()));
      await upload(key, versions[round % 2] ?? '');
    }
    expect((await Promise.all(reads)).every((text) => versions.includes(text))).toBe(true);
    expect(
      readdirSync(join(service.blobDir, ...key.split('/').slice(0, -1))).filter((name) => name.endsWith('.ndjson')),
    ).toHaveLength(1);
  });

  it('hold 25 MiB at most, announced or not, and the error names the limit and the remedy', async () => {
    const key = `${newRun()}/stage/step`;
    const big = Buffer.alloc(25 * 1024 * 1024 + 1, 'x');
    const announced = await upload(key, big);
    const flowing = await service
      .call(`/blob?key=${key}`, {
        method: 'POST',
        headers: await service.pod(key),
        body: new Blob([big]).stream(),
        duplex: 'half',
      } as RequestInit)
      .catch((cause: unknown) => cause);
    expect([announced.status, await announced.json()]).toEqual([
      413,
      {
        error_msg: expect.stringMatching(/26214400.*first MiB and the newest rest/),
        message: expect.stringMatching(/26214400.*first MiB and the newest rest/),
      },
    ]);
    if (flowing instanceof Response) expect(flowing.status).toBe(413);
    expect((await get(key)).status).toBe(404);
    expect((await upload(key, big.subarray(1))).status).toBe(204);
  });

  it('are seen by people of their project only, and written by tokens only', async () => {
    const key = `${newRun()}/stage/step`;
    await upload(key, ndjson(0, 1));
    expect((await get(key, testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'shop' }]))).status).toBe(
      200,
    );
    for (const who of [OTHER_PROJECT, OUTSIDER]) {
      const response = await get(key, who);
      expect([response.status, await response.json()]).toEqual([
        403,
        { error_msg: expect.any(String), message: expect.any(String) },
      ]);
    }
    expect((await upload(key, 'x', await service.user(ADMIN))).status).toBe(403);
    expect((await upload(key, 'x', await service.pod(newRun()))).status).toBe(403);
    expect((await upload(key, 'x', {})).status).toBe(401);
    expect((await service.call(`/blob?key=${key}`)).status).toBe(401);
    expect(
      (await service.call(`/blob?key=${key}`, { headers: await service.pod(key, { rights: ['read'] }) })).status,
    ).toBe(200);
  });

  it('opened without a scope are seen with the right on the whole account only', async () => {
    const key = `${newRun()}/stage/step`;
    await upload(key, ndjson(0, 1), await service.pod(key, { scope: undefined }));
    expect((await get(key)).status).toBe(200);
    expect((await get(key, testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'shop' }]))).status).toBe(
      403,
    );
  });

  it('of the standard key form belong to the project the key names', async () => {
    const key = 'accountId:ACC/orgId:default/projectId:shop/pipelineId:deploy/runSequence:3/level0:pipeline';
    await upload(key, ndjson(0, 1), await service.pod(key, { accountId: 'ACC', scope: undefined }));
    expect((await get(key, testUser('ACC', [{ role: 'viewer', orgId: 'default', projectId: 'shop' }]))).status).toBe(
      200,
    );
    expect((await get(key, OTHER_PROJECT)).status).toBe(403);
  });

  it('can be stored and read by link without further proof, each link for its own purpose', async () => {
    const key = `${newRun()}/stage/step`;
    const up = (await (
      await service.call(`/blob/link/upload?key=${key}`, { method: 'POST', headers: await service.pod(key) })
    ).json()) as { link: string; expires: number };
    expect(up.expires).toBe(3_600_000_000_000);
    expect((await fetch(up.link, { method: 'PUT', body: ndjson(0, 2) })).status).toBe(204);
    expect((await fetch(up.link)).status).toBe(403);
    const down = (await (
      await service.call(`/blob/link/download?key=${key}`, { method: 'POST', headers: await service.user(ADMIN) })
    ).json()) as { link: string };
    expect(await (await fetch(down.link)).text()).toBe(ndjson(0, 2));
    expect((await fetch(down.link, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(`${down.link}x`)).status).toBe(401);
    expect(
      (
        await service.call(`/blob/link/download?key=${key}`, {
          method: 'POST',
          headers: await service.user(OTHER_PROJECT),
        })
      ).status,
    ).toBe(403);
  });

  it('have a token for a whole account that may do what its owner may', async () => {
    const key = `${newRun()}/stage/step`;
    const tokenOf = async (who: Parameters<RunningLogService['user']>[0]): Promise<Response> =>
      service.call('/token?accountID=ACC', { headers: await service.user(who) });
    const admin = await tokenOf(ADMIN);
    expect(admin.headers.get('content-type')).toMatch(/^text\/plain/);
    const headers = { 'x-harness-token': await admin.text() };
    expect((await upload(key, ndjson(0, 1), headers)).status).toBe(204);
    expect((await service.call(`/blob?key=${key}`, { headers })).status).toBe(200);
    const standard = 'accountId:ACC/orgId:default/projectId:shop/pipelineId:deploy/runSequence:4/level0:pipeline';
    expect((await upload(standard, ndjson(0, 1), headers)).status).toBe(204);
    expect((await service.call(`/blob?key=${standard}`, { headers })).status).toBe(200);
    const viewer = { 'x-harness-token': await (await tokenOf(testUser('ACC', [{ role: 'viewer' }]))).text() };
    expect((await upload(key, ndjson(0, 1), viewer)).status).toBe(403);
    expect((await service.call(`/blob?key=${key}`, { headers: viewer })).status).toBe(200);
    expect((await tokenOf(OTHER_PROJECT)).status).toBe(403);
    expect((await tokenOf(OUTSIDER)).status).toBe(403);
    expect((await service.call('/token', { headers: viewer })).status).toBe(403);
  });

  it('can be stored and read while Redis is away', async () => {
    const key = `${newRun()}/stage/step`;
    await service.redis.kill();
    expect((await upload(key, ndjson(0, 1))).status).toBe(204);
    expect((await get(key)).status).toBe(200);
    expect((await fetch(`${service.app.url}/health/ready`)).status).toBe(503);
    await service.redis.restart();
    await waitFor(async () => (await fetch(`${service.app.url}/health/ready`)).status === 200, {
      timeoutMs: 120_000,
      what: 'ready again',
    });
  });

  it('survive a restart of the service, and tails resume at the new one', async () => {
    const [stored, live] = [`${newRun()}/a`, `${newRun()}/b`];
    await upload(stored, ndjson(0, 1));
    const second = await bootstrap(service.environment);
    const headers = await service.pod(live);
    await service.call(`/stream?key=${live}`, { method: 'POST', headers });
    await service.call(`/stream?key=${live}&from=0`, { method: 'PUT', headers, body: JSON.stringify(linesOf(0, 5)) });
    const user = await service.user(ADMIN);
    let seen = 0;
    const begun = readTail(await fetch(`${second.url}/log-service/stream?key=${live}`, { headers: user }), (lines) => {
      seen = lines.length;
      return false;
    });
    await waitFor(() => seen === 5, { timeoutMs: 120_000, what: 'the lines before the restart' });
    await second.close();
    const { lines, end } = await begun;
    expect([lines.length, end]).toEqual([5, undefined]);
    await service.call(`/stream?key=${live}`, { method: 'DELETE', headers });
    expect(await service.tail(live, { ...user, 'last-event-id': '4' })).toEqual({ lines: [], end: 'eof' });
    expect((await get(stored)).status).toBe(200);
  });

  describe('in an archive', () => {
    const archive = async (prefix: string, who = ADMIN, extra: Record<string, string> = {}): Promise<Response> =>
      service.call(`/blob/download?accountID=ACC&prefix=${prefix}`, {
        method: 'POST',
        headers: { ...(await service.user(who)), ...extra },
      });
    const linkOf = async (response: Response): Promise<string> => ((await response.json()) as { link: string }).link;

    it('are all of one run and none of another whose number begins alike', async () => {
      const [one, twelve] = ['ACC/pipeline/zips/1/-EX', 'ACC/pipeline/zips/12/-EX'];
      await upload(`${one}/stage/step`, ndjson(0, 5_000));
      await upload(`${one}/stage/engine:main`, ndjson(0, 1));
      await upload(`${twelve}/stage/step`, ndjson(0, 1));
      const pod = await service.pod(one);
      await service.call(`/stream?key=${one}/stage/live`, { method: 'POST', headers: pod });
      await service.call(`/stream?key=${one}/stage/live&from=0`, {
        method: 'PUT',
        headers: pod,
        body: JSON.stringify(linesOf(0, 2)),
      });
      const prepared = await archive(one);
      const body = (await prepared.clone().json()) as { status: string; expires: number };
      expect([prepared.status, body.status, body.expires]).toEqual([200, 'success', 3_600_000_000_000]);
      const download = await fetch(await linkOf(prepared));
      expect([download.headers.get('content-type'), download.headers.get('content-disposition')]).toEqual([
        'application/zip',
        'attachment; filename="1--EX.zip"',
      ]);
      const files = unzipSync(new Uint8Array(await download.arrayBuffer()));
      expect(Object.keys(files).sort()).toEqual(['stage/engine_main.log', 'stage/live.log', 'stage/step.log']);
      expect(Buffer.from(files['stage/step.log'] ?? []).toString()).toBe(ndjson(0, 5_000));
      expect(
        Buffer.from(files['stage/live.log'] ?? [])
          .toString()
          .trim()
          .split('\n'),
      ).toHaveLength(2);
    });

    it('are those of the command units too, stored or live, for the key of their step', async () => {
      const run = newRun();
      const step = `${run}/stage/step`;
      const pod = await service.pod(step);
      await upload(step, ndjson(0, 1));
      await upload(`${step}-commandUnit:Execute`, ndjson(0, 2), pod);
      await upload(`${step}2`, ndjson(0, 1));
      await upload(`${step}2-commandUnit:Execute`, ndjson(0, 1));
      await service.call(`/stream?key=${step}-commandUnit:Cleanup`, { method: 'POST', headers: pod });
      await service.call(`/stream?key=${step}-commandUnit:Cleanup`, {
        method: 'PUT',
        headers: pod,
        body: JSON.stringify(linesOf(0, 1)),
      });
      const namesOf = async (prefix: string): Promise<string[]> =>
        Object.keys(unzipSync(new Uint8Array(await (await fetch(await linkOf(await archive(prefix)))).arrayBuffer())));
      expect(await namesOf(step)).toEqual(['step.log', 'step-commandUnit_Cleanup.log', 'step-commandUnit_Execute.log']);
      expect(await namesOf(run)).toHaveLength(5);
    });

    it('come by a link under the gateway’s address that works with its signature or with a key', async () => {
      const run = newRun();
      await upload(`${run}/a`, ndjson(0, 1));
      const link = new URL(
        await linkOf(
          await archive(run, ADMIN, { 'x-forwarded-host': 'sluice.example:8443', 'x-forwarded-proto': 'https' }),
        ),
      );
      expect([link.origin, link.pathname]).toEqual([
        'https://sluice.example:8443',
        expect.stringMatching(/^\/gateway\/log-service\/blob\/archive\/[\w.-]+\.zip$/),
      ]);
      const path = `${link.pathname.replace('/gateway/log-service', '')}${link.search}`;
      expect((await service.call(`${path}&accountIdentifier=ACC&routingId=ACC&accountID=ACC`)).status).toBe(200);
      const unsigned = path.replace(/&signature=.*/, '');
      expect((await service.call(unsigned)).status).toBe(401);
      expect((await service.call(unsigned, { headers: await service.user(ADMIN) })).status).toBe(200);
      expect(
        (await service.call(path.replace(encodeURIComponent(run), encodeURIComponent('ACC/pipeline/zips/1')))).status,
      ).toBe(403);
      expect((await service.call(unsigned, { headers: await service.user(OUTSIDER) })).status).toBe(403);
    });

    it('are only those the caller may see, whatever the prefix', async () => {
      const run = newRun();
      await upload(`${run}/mine`, ndjson(0, 1));
      await upload(
        `${run}/theirs`,
        ndjson(0, 1),
        await service.pod(run, { scope: { orgId: 'default', projectId: 'other' } }),
      );
      const files = unzipSync(
        new Uint8Array(await (await fetch(await linkOf(await archive(run, OTHER_PROJECT)))).arrayBuffer()),
      );
      expect(Object.keys(files)).toEqual(['theirs.log']);
      const none = await archive(run, testUser('ACC', [{ role: 'viewer', orgId: 'elsewhere' }]));
      expect(none.status).toBe(403);
      expect((await archive(run, OUTSIDER)).status).toBe(403);
      const nothing = await archive(newRun());
      expect([nothing.status, await nothing.json()]).toEqual([
        404,
        { error_msg: expect.stringContaining('no log below'), message: expect.stringContaining('no log below') },
      ]);
      expect((await archive('ACC/pipeline/zips')).status).toBe(400);
    });
  });
});
