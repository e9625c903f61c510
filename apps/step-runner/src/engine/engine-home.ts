import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AppError, messageOf } from '@sluice/kernel';
import { ENGINE_JARS, REHEARSAL_JAR, type EngineJar } from './engine-jars.js';

const run = promisify(execFile);

/** Loaded whole into the class archive: their classes are needed for the first connection, which the rehearsal does not make. */
const ARCHIVED_WHOLE: readonly string[] = ['postgresql', 'mariadb-java-client'];
const SOURCES = fileURLToPath(new URL('../../java/', import.meta.url));
const JVM_FLAGS = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Xlog:disable',
  '-Xlog:all=off',
  '-Dfile.encoding=UTF-8',
  '-Djava.awt.headless=true',
];
const MAIN_CLASS = 'sluice.engine.Engine';
/** For what takes seconds on a machine that does nothing else. */
const TOOL_TIMEOUT_MS = 600_000;

/** A compiled change engine, ready to start. */
export interface EngineHome {
  readonly java: string;
  /** Everything but the class path, the limits of one process and what the main class gets. */
  readonly jvmArguments: readonly string[];
  readonly classPath: string;
  readonly mainClass: string;
  /** What the warm-up gets: its changelogs, and the jar of its database in memory, which is on no class path. */
  readonly rehearsal: readonly [changelogs: string, databaseJar: string];
  /** False when the class archive is missing: the engine works, but starts slower. */
  readonly hasArchive: boolean;
}

/**
 * Compiles the change engine and makes its class archive, once per (sources, jars, Java version); later calls answer in about
 * 100 ms. Several processes may call it at the same time.
 * @param directory cache folder; it is created when missing
 * @param onProgress told in words what is being done, only when something is
 * @throws AppError INTERNAL when there is no JDK or when the Liquibase jars are not installed; the text says what to do
 */
export async function prepareEngine(
  directory: string,
  onProgress: (text: string) => void = () => undefined,
): Promise<EngineHome> {
  const java = process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java';
  const version = await javaVersion(java);
  const { jars, rehearsalJar } = await liquibaseJars();
  const home = join(directory, await keyOf(version, [...jars, rehearsalJar]));
  const rehearsal = [join(home, 'warm-up'), rehearsalJar] as const;
  if (!(await exists(join(home, 'engine.jar')))) {
    onProgress('compiling the change engine');
    await requireKnownJars(dirname(rehearsalJar));
    await compile(java, jars, directory, home);
  }
  const archive = join(home, 'engine.jsa');
  if (!(await exists(archive))) {
    onProgress('making the class archive of the change engine');
    await makeArchive(java, jars, home, rehearsal, archive);
  }
  const hasArchive = await exists(archive);
  return {
    java,
    jvmArguments: [...JVM_FLAGS, ...(hasArchive ? [`-XX:SharedArchiveFile=${archive}`] : [])],
    classPath: classPath(home, jars),
    mainClass: MAIN_CLASS,
    rehearsal,
    hasArchive,
  };
}

async function javaVersion(java: string): Promise<string> {
  try {
    const { stderr } = await run(java, ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-version'], {
      timeout: 30_000,
    });
    return stderr;
  } catch (cause) {
    throw new AppError(
      'INTERNAL',
      'Java is missing; install a JDK 17 or newer (Debian: default-jdk-headless) or set JAVA_HOME',
      {},
      { cause },
    );
  }
}

async function liquibaseJars(): Promise<{ readonly jars: string[]; readonly rehearsalJar: string }> {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('liquibase/package.json')),
    'dist',
    'liquibase',
    'internal',
    'lib',
  );
  const pathOf = (name: string): string => join(folder, `${name}.jar`);
  for (const { name } of ENGINE_JARS) {
    if (!(await exists(pathOf(name))))
      throw new AppError('INTERNAL', `${pathOf(name)} is missing; install the npm packages again`);
  }
  return {
    jars: ENGINE_JARS.filter(({ name }) => name !== REHEARSAL_JAR).map(({ name }) => pathOf(name)),
    rehearsalJar: pathOf(REHEARSAL_JAR),
  };
}

/** What runs against databases is what was looked at. @throws AppError INTERNAL naming a jar with other bytes */
async function requireKnownJars(folder: string): Promise<void> {
  for (const jar of ENGINE_JARS) {
    if ((await digestOf(folder, jar)) !== jar.sha256)
      throw new AppError(
        'INTERNAL',
        `${join(folder, jar.name)}.jar is not ${jar.name} ${jar.version}: its SHA-256 differs; install the npm packages again`,
      );
  }
}

async function digestOf(folder: string, { name }: EngineJar): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, `${name}.jar`)))
    .digest('hex');
}

async function keyOf(version: string, jars: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(version).update(JVM_FLAGS.join(' '));
  for (const file of await sourceFiles()) hash.update(file).update(await readFile(join(SOURCES, file)));
  for (const jar of jars) {
    const { size, mtimeMs } = await stat(jar);
    hash.update(`${jar} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 20);
}

async function sourceFiles(): Promise<string[]> {
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(SOURCES.length))
    .sort();
}

/** Builds aside and moves into place, so that no other process ever sees half an engine. */
async function compile(java: string, jars: readonly string[], directory: string, home: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const aside = await mkdtemp(join(directory, '.building-'));
  try {
    const classes = join(aside, 'classes');
    const sources = (await sourceFiles()).filter((file) => file.endsWith('.java')).map((file) => join(SOURCES, file));
    await mkdir(classes);
    await tool(java, 'javac', [
      '-proc:none',
      '-nowarn',
      '-encoding',
      'UTF-8',
      '-d',
      classes,
      '-cp',
      jars.join(':'),
      ...sources,
    ]);
    await cp(join(SOURCES, 'META-INF'), join(classes, 'META-INF'), { recursive: true });
    await cp(join(SOURCES, 'warm-up'), join(aside, 'warm-up'), { recursive: true });
    await tool(java, 'jar', ['--create', '--file', join(aside, 'engine.jar'), '-C', classes, '.']);
    await rm(classes, { recursive: true });
    await rename(aside, home).catch(async (cause: unknown) => {
      if (!(await exists(join(home, 'engine.jar')))) throw cause; // otherwise another process was faster, with the same result
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function tool(java: string, name: string, args: readonly string[]): Promise<void> {
  const path = java === 'java' ? name : join(dirname(java), name);
  try {
    await run(path, [...args], { timeout: TOOL_TIMEOUT_MS });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new AppError(
        'INTERNAL',
        `${name} is missing: this Java is not a JDK; install one (Debian: default-jdk-headless)`,
        {},
        { cause },
      );
    }
    throw new AppError(
      'INTERNAL',
      `${name} failed while the change engine was being built: ${messageOf(cause)}`,
      {},
      { cause },
    );
  }
}

/** The archive is tied to the jars' final paths, so it is made where the engine lies. Without it everything works, only slower. */
async function makeArchive(
  java: string,
  jars: readonly string[],
  home: string,
  rehearsal: EngineHome['rehearsal'],
  archive: string,
): Promise<void> {
  const aside = `${archive}.${randomUUID()}`;
  const whole = jars.filter((jar) => ARCHIVED_WHOLE.some((name) => jar.endsWith(`/${name}.jar`)));
  try {
    await run(
      java,
      [
        ...JVM_FLAGS,
        `-XX:ArchiveClassesAtExit=${aside}`,
        '-cp',
        classPath(home, jars),
        MAIN_CLASS,
        'train',
        ...rehearsal,
        ...whole,
      ],
      { timeout: TOOL_TIMEOUT_MS },
    );
    await rename(aside, archive);
  } catch {
    await rm(aside, { force: true });
  }
}

function classPath(home: string, jars: readonly string[]): string {
  return [join(home, 'engine.jar'), ...jars].join(':');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
