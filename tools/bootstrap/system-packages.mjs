import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { PrerequisiteError } from './progress.mjs';
import { findOnPath, outputOf, runQuietly } from './run.mjs';

/** Programs Sluice runs but npm does not carry. `isThere` looks at what PATH really offers, however it was installed. */
const PROGRAMS = {
  redis: {
    debianPackage: 'redis-server',
    title: 'redis-server',
    isThere: () => findOnPath('redis-server') !== undefined,
  },
  jdk: { debianPackage: 'default-jdk-headless', title: 'a JDK 17 or newer (java and javac)', isThere: hasJdk },
  git: { debianPackage: 'git', title: 'git', isThere: () => findOnPath('git') !== undefined },
  mariadbServer: {
    debianPackage: 'mariadb-server-core',
    title: 'mariadbd',
    isThere: () => findOnPath('mariadbd', `${process.env.PATH ?? ''}:/usr/sbin`) !== undefined,
  },
  mariadbClient: {
    debianPackage: 'mariadb-client-core',
    title: 'mariadb',
    isThere: () => findOnPath('mariadb') !== undefined,
  },
  chromium: { debianPackage: 'chromium', title: 'chromium', isThere: () => findOnPath('chromium') !== undefined },
};

/** What a running Sluice needs, what its tests need on top, and what some of them use where it is (they say so where it is not). */
export const PROGRAMS_TO_RUN = ['redis', 'jdk', 'git'];
export const PROGRAMS_TO_TEST = [...PROGRAMS_TO_RUN, 'chromium'];
export const PROGRAMS_TO_TEST_MORE = ['mariadbServer', 'mariadbClient'];

/** Major version in the output of `java -version`, or 0. `1.8.0` counts as 8. */
export function javaMajorVersion(versionOutput) {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(versionOutput);
  if (!match) return 0;
  return match[1] === '1' ? Number(match[2] ?? 0) : Number(match[1]);
}

function hasJdk() {
  if (!findOnPath('javac')) return false;
  const java = findOnPath('java');
  return java !== undefined && javaMajorVersion(outputOf(java, ['-version'])) >= 17;
}

/** How a command is run as root: directly, through a sudo that asks nothing, or not at all. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (findOnPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return undefined;
}

const POLICY_FILE = '/usr/sbin/policy-rc.d';

/**
 * Forbids package scripts to start services (Debian's redis would occupy port 6379), the documented way: a policy-rc.d that
 * answers 101. One that is already there is left as it is. Answers how to undo it.
 */
function forbidServiceStarts(prefix) {
  if (existsSync(POLICY_FILE)) return () => {};
  const text = '#!/bin/sh\nexit 101\n';
  if (prefix.length === 0) {
    writeFileSync(POLICY_FILE, text);
    chmodSync(POLICY_FILE, 0o755);
    return () => rmSync(POLICY_FILE, { force: true });
  }
  spawnSync(prefix[0], [
    ...prefix.slice(1),
    'sh',
    '-c',
    `printf '%s' '${text}' > ${POLICY_FILE} && chmod 755 ${POLICY_FILE}`,
  ]);
  return () => spawnSync(prefix[0], [...prefix.slice(1), 'rm', '-f', POLICY_FILE]);
}

function hasPackageLists() {
  const folder = '/var/lib/apt/lists';
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes('Packages'));
}

async function installDebianPackages(packages, prefix, progress) {
  const apt = (args, what) => {
    const [command, ...rest] = [
      ...prefix,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-y',
      '-o',
      'DPkg::Lock::Timeout=300',
      ...args,
    ];
    return runQuietly(command, rest, { what });
  };
  const install = () =>
    apt(['install', '--no-install-recommends', ...packages], `apt-get install ${packages.join(' ')}`);
  const update = () =>
    progress.during('reading Debian package lists (apt-get update)', () => apt(['update'], 'apt-get update'));
  const allowServiceStarts = forbidServiceStarts(prefix);
  const undoAndQuit = () => {
    allowServiceStarts();
    process.exit(130);
  };
  process.once('SIGINT', undoAndQuit);
  try {
    const fresh = !hasPackageLists();
    if (fresh) await update();
    await progress.during(`installing ${packages.join(', ')} (apt-get)`, async () => {
      try {
        await install();
      } catch (cause) {
        if (fresh) throw cause;
        await update();
        await install();
      }
    });
  } finally {
    allowServiceStarts();
    process.removeListener('SIGINT', undoAndQuit);
  }
}

/** As {@link ensureSystemPackages}, for what tests can do without: what cannot be had is said, and that is all. */
export async function tryForSystemPackages(names, progress) {
  try {
    await ensureSystemPackages(names, progress);
  } catch (cause) {
    progress.say(
      `some tests will be skipped: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
    );
  }
}

/**
 * Makes sure the named programs are on PATH, installing Debian's packages where this user may.
 * @param {readonly string[]} names keys of PROGRAMS.
 * @throws PrerequisiteError one sentence that says exactly what to install.
 */
export async function ensureSystemPackages(names, progress) {
  const missing = names.map((name) => PROGRAMS[name]).filter((program) => !program.isThere());
  if (missing.length === 0) return;
  const packages = missing.map((program) => program.debianPackage);
  const prefix = findOnPath('apt-get') ? rootPrefix() : undefined;
  if (prefix === undefined) {
    const titles = missing.map((program) => program.title).join(', ');
    throw new PrerequisiteError(
      `Please install ${titles} and start again; on Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
    );
  }
  await installDebianPackages(packages, prefix, progress);
  const still = missing.filter((program) => !program.isThere());
  if (still.length > 0) {
    throw new PrerequisiteError(
      `After installing ${packages.join(', ')} there is still no ${still.map((program) => program.title).join(', ')} on PATH; please check the installation.`,
    );
  }
}
