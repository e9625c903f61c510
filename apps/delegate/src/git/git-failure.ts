import { AppError } from '@sluice/kernel';
import type { FailureType } from '@sluice/delegate-protocol';

interface Rule {
  readonly when: RegExp;
  readonly code: 'GIT_CONNECTION_ERROR' | 'RESOURCE_NOT_FOUND' | 'INVALID_REQUEST';
  readonly failureType: FailureType;
  readonly say: (subject: Subject, match: RegExpMatchArray) => string;
}

/** What was asked for, in words that may be shown: the URL without user and password. */
export interface Subject {
  readonly repository: string;
  readonly ref: string | undefined;
}

/** First match wins: from the most to the least telling. */
const RULES: readonly Rule[] = [
  {
    when: /couldn't find remote ref|not our ref|Could not find remote branch/i,
    code: 'RESOURCE_NOT_FOUND',
    failureType: 'Unknown',
    say: ({ repository, ref }) => `${ref ?? 'the ref'} does not exist in ${repository}`,
  },
  {
    when: /cannot run .*ssh|ssh: (command )?not found/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Unknown',
    say: ({ repository }) =>
      `${repository} needs the program "ssh", which is not installed on the delegate; install the OpenSSH client there, or use the HTTP address of the repository`,
  },
  {
    when: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Authentication',
    say: ({ repository }) =>
      `the host key of ${repository} is not the one the delegate knows; if that is right, put the new one into the known hosts of the delegate (DELEGATE_SSH_KNOWN_HOSTS_FILE)`,
  },
  {
    when: /Permission denied \(|Load key .*(invalid format|incorrect passphrase|error in libcrypto)|Too many authentication failures/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Authentication',
    say: ({ repository }) =>
      `${repository} refuses the SSH key of the Git connector; check the key, its passphrase, and that its public half is known there`,
  },
  {
    when: /Authentication failed|could not read (Username|Password)|terminal prompts disabled|returned error: 401/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Authentication',
    say: ({ repository }) =>
      `${repository} refuses the credentials of the Git connector; check its user name and password or token`,
  },
  {
    when: /returned error: 403/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Authorization',
    say: ({ repository }) => `the credentials of the Git connector may not read ${repository}`,
  },
  {
    when: /repository '.*' not found|returned error: 404|does not appear to be a git repository/i,
    code: 'RESOURCE_NOT_FOUND',
    failureType: 'Unknown',
    say: ({ repository }) => `there is no Git repository at ${repository}, or the credentials may not see it`,
  },
  {
    when: /unable to update url base from redirection|returned error: 30\d|redirect/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Connectivity',
    say: ({ repository }) =>
      `${repository} answers with a redirection; put the address it leads to into the Git connector`,
  },
  {
    when: /transport '(.*)' not allowed/i,
    code: 'INVALID_REQUEST',
    failureType: 'Unknown',
    say: ({ repository }, match) =>
      `${repository}: the protocol "${match[1] ?? ''}" is not allowed; use https, http or ssh`,
  },
  {
    when: /Could not resolve host(name)?:? ?(.*)|Name or service not known|Temporary failure in name resolution/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Connectivity',
    say: ({ repository }) => `the host of ${repository} cannot be found by the delegate (name resolution failed)`,
  },
  {
    when: /Failed to connect|Connection (refused|timed out|reset)|Operation too slow|No route to host|Empty reply|Couldn't connect|kex_exchange_identification|Network is unreachable/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Connectivity',
    say: ({ repository }) => `${repository} cannot be reached from the delegate`,
  },
  {
    when: /SSL certificate problem: (.*)|server certificate verification failed/i,
    code: 'GIT_CONNECTION_ERROR',
    failureType: 'Connectivity',
    say: ({ repository }, match) =>
      `the certificate of ${repository} is not trusted by the delegate${match[1] ? ` (${match[1]})` : ''}`,
  },
];

/** Whether the server, or the way to it, is what failed. Anything else may as well be the mirror's own state. */
export function isOfServer(stderr: string): boolean {
  return RULES.some(({ when }) => when.test(stderr));
}

/** Git's complaint as an error a person can act on. */
export function gitFailure(stderr: string, subject: Subject): AppError {
  for (const rule of RULES) {
    const match = rule.when.exec(stderr);
    if (match) return new AppError(rule.code, rule.say(subject, match), { failureType: rule.failureType });
  }
  const lines = stderr.split('\n').filter((line) => /^(fatal|error|remote):/.test(line));
  const telling = lines.findLast((line) => line.startsWith('fatal:')) ?? lines.at(-1) ?? stderr.trim().slice(-300);
  return new AppError(
    'GIT_CONNECTION_ERROR',
    `Git could not read ${subject.repository}: ${telling || 'no reason given'}`,
    { failureType: 'Connectivity' },
  );
}

/** A repository URL fit for messages and logs: without user and password. @throws AppError INVALID_REQUEST for what is no URL git may use */
export function shownRepository(url: string): string {
  if (/^[\w.-]+@[\w.-]+:[^-]/.test(url)) return requireCleanText(url);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new AppError(
      'INVALID_REQUEST',
      `url: "${url.slice(0, 200)}" is not the URL of a Git repository; use https://…, http://… or ssh://…`,
    );
  }
  if (!['https:', 'http:', 'ssh:'].includes(parsed.protocol))
    throw new AppError(
      'INVALID_REQUEST',
      `url: the protocol "${parsed.protocol.slice(0, -1)}" is not allowed; use https, http or ssh`,
    );
  requireCleanText(url);
  if (parsed.password !== '')
    throw new AppError(
      'INVALID_REQUEST',
      `url: the URL of ${parsed.host}${parsed.pathname} holds a password; put it into a secret of the Git connector`,
    );
  parsed.username = '';
  return parsed.toString();
}

/** A line break would be a line of the mirror's configuration. */
function requireCleanText(url: string): string {
  if (!/[\x00-\x20\x7f"'`\\]/.test(url)) return url;
  throw new AppError(
    'INVALID_REQUEST',
    `url: ${JSON.stringify(url.slice(0, 200))} holds a blank, a line break, a quote or a backslash; write it percent-encoded`,
  );
}
