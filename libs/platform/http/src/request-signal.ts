import type { FastifyReply, FastifyRequest } from 'fastify';

const signals = new WeakMap<object, AbortSignal>();

/** Aborts when the client goes away before the answer is complete. A request's own end says nothing: it comes once its body is read. */
export function requestSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const known = signals.get(request.raw);
  if (known) return known;
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('the client went away'));
  });
  signals.set(request.raw, controller.signal);
  return controller.signal;
}
