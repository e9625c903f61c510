import type { GitCredentials } from './git-credentials.js';

const SETTINGS: Readonly<Record<string, string>> = {
  // Nothing that comes from a repository is ever executed here.
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.http.allow': 'always',
  'protocol.ssh.allow': 'always',
  'submodule.recurse': 'false',
  'fetch.recurseSubmodules': 'false',
  'filter.lfs.smudge': '',
  'filter.lfs.process': '',
  'filter.lfs.required': 'false',
  // An answer that sends git elsewhere would send the credentials along.
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '30',
  'http.userAgent': 'sluice-delegate/0.1',
  'fetch.writeCommitGraph': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'safe.directory': '*',
  'advice.detachedHead': 'false',
};

/**
 * Environment of a git process: no configuration of the machine or the user, no prompt, English messages, and the credentials as an
 * extra header of the configuration that `GIT_CONFIG_*` variables give.
 * @param base `PATH` and what else the process needs
 */
export function gitEnvironment(
  base: Readonly<Record<string, string>>,
  credentials: GitCredentials,
  traceparent: string | undefined,
): Record<string, string> {
  const settings: [string, string][] = Object.entries(SETTINGS);
  const isHttp =
    credentials.sshKey === undefined && (credentials.password !== undefined || credentials.username !== undefined);
  if (isHttp) {
    const pair = Buffer.from(`${credentials.username ?? ''}:${credentials.password ?? ''}`).toString('base64');
    settings.push(['http.extraHeader', `Authorization: Basic ${pair}`]);
  }
  if (traceparent) settings.push(['http.extraHeader', `traceparent: ${traceparent}`]);
  const environment: Record<string, string> = {
    ...base,
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=15',
    GIT_CONFIG_COUNT: String(settings.length),
  };
  settings.forEach(([key, value], index) => {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return environment;
}
