import type { FastifyRequest } from 'fastify';

const signals = new WeakMap<object, AbortSignal>();

/** Aborts when the client goes away before the answer is complete. */
export function requestSignal(request: FastifyRequest): AbortSignal {
  const known = signals.get(request.raw);
  if (known) return known;
  const controller = new AbortController();
  request.raw.once('close', () => {
    if (!request.raw.complete || request.raw.destroyed) controller.abort(new Error('the client went away'));
  });
  signals.set(request.raw, controller.signal);
  return controller.signal;
}
