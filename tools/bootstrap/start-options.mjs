import { parseArgs } from 'node:util';
import { PrerequisiteError } from './progress.mjs';

export const START_USAGE = `Usage: npm start [-- options]

Installs what is missing, starts Sluice with everything it stands on (databases, Redis, a Git server, a delegate),
deploys a sample changelog to a sample database, and keeps serving until Ctrl-C.

  --once             deploy once, stop everything and exit: 0 on success; the last line is one JSON object
  --no-deploy        only start and keep serving; deploy nothing
  --reset            stop what was recorded in the data folder and delete the folder, then start afresh
  --separate         one process per app instead of one for the whole control plane; one that dies is started again,
                     so you restart an app by ending its process (its number is in DIR/run/APP.json)
  --without APP      leave an app out, because you run it yourself (npx nx dev APP); may be repeated; deploys nothing
  --data DIR         where everything is kept (default: .sluice in the repository)
  --port-offset N    add N (0 to 8000) to every port, so that several stacks can run at once (each with its own --data);
                     "auto" picks free ports and keeps them in the data folder
  --otel URL         also send all traces to this OTLP/HTTP endpoint, for example http://localhost:4318
  --help             this text
`;

/** @throws PrerequisiteError naming the argument that is not understood. */
export function parseStartOptions(args) {
  const values = parse(args);
  const ports = portsOf(values['port-offset'] ?? '0');
  if (values.otel !== undefined && !/^https?:\/\//.test(values.otel)) {
    throw new PrerequisiteError(`--otel takes an http or https URL, not "${values.otel}".`);
  }
  if (values.once && (values['no-deploy'] || values.without))
    throw new PrerequisiteError('--once deploys, so it goes with neither --no-deploy nor --without.');
  return {
    help: values.help === true,
    isOnce: values.once === true,
    shouldDeploy: values['no-deploy'] !== true && !values.without?.length,
    without: values.without ?? [],
    isReset: values.reset === true,
    isSeparate: values.separate === true,
    dataDir: values.data,
    ports,
    otelUrl: values.otel,
  };
}

function portsOf(text) {
  if (text === 'auto') return { kind: 'free' };
  const offset = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(offset <= 8_000))
    throw new PrerequisiteError(
      `--port-offset takes a whole number from 0 to 8000, not "${text}"; "auto" picks free ports.`,
    );
  return { kind: 'fixed', offset };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        once: { type: 'boolean' },
        'no-deploy': { type: 'boolean' },
        reset: { type: 'boolean' },
        separate: { type: 'boolean' },
        without: { type: 'string', multiple: true },
        data: { type: 'string' },
        'port-offset': { type: 'string' },
        otel: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new PrerequisiteError(`${cause.message}\n\n${START_USAGE}`);
  }
}
