import { AppError } from '@sluice/kernel';

interface Rule {
  readonly says: RegExp;
  readonly means: (url: string) => string;
}

const RULES: readonly Rule[] = [
  {
    says: /Authentication failed|could not read (Username|Password)|returned error: 401/i,
    means: (url) => `${url} refused the credentials; check username and secret of the connector`,
  },
  {
    says: /returned error: 403/i,
    means: (url) => `${url} denied access; the credentials lack the right to read this repository`,
  },
  {
    says: /returned error: 404|repository .* not found|does not appear to be a git repository/i,
    means: (url) => `there is no repository at ${url}; check the URL, and the repository name of an account connector`,
  },
  { says: /Could not resolve host/i, means: (url) => `the host of ${url} cannot be resolved; check the URL` },
  {
    says: /redirect|returned error: 30\d/i,
    means: (url) => `${url} answers with a redirect; give the connector the address it redirects to`,
  },
  {
    says: /Connection refused|Failed to connect|Couldn't connect/i,
    means: (url) => `${url} cannot be reached: connection refused; check host and port`,
  },
  { says: /timed out|Operation too slow/i, means: (url) => `${url} did not answer in time` },
  { says: /SSL|certificate/i, means: (url) => `the TLS certificate of ${url} was not accepted` },
  {
    says: /returned error: \d|Empty reply|Connection reset/i,
    means: (url) => `the server of ${url} did not answer properly; try again later`,
  },
];

/** Whether the server, or the way to it, is what failed. Anything else may as well be the state of the folder git worked in. */
export function isOfServer(stderr: string): boolean {
  return RULES.some(({ says }) => says.test(stderr));
}

/** Turns what git wrote on its error output into a sentence with a remedy. */
export function gitFailure(url: string, stderr: string): AppError {
  const rule = RULES.find(({ says }) => says.test(stderr));
  if (rule) return new AppError('GIT_CONNECTION_ERROR', rule.means(url));
  const line = stderr.split('\n').find((text) => /^(fatal|error):/.test(text)) ?? stderr.split('\n')[0] ?? '';
  return new AppError(
    'GIT_CONNECTION_ERROR',
    `git could not work with ${url}: ${line.replace(/^(fatal|error): /, '').slice(0, 300) || 'no reason given'}`,
  );
}
