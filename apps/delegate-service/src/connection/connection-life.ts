import { timingSafeEqual } from 'node:crypto';
import {
  CLOSE_CODES,
  INSTANCE_HEADER,
  KEY_PROOF_VERSION,
  PROTOCOL_VERSION,
  keyProofContext,
  type DelegateMessage,
} from '@sluice/delegate-protocol';
import { newId } from '@sluice/kernel';
import { seal } from '@sluice/sealed-secrets';
import type { Visitor } from '../security/delegate-visits.js';
import type { DelegateSession } from './delegate-session.js';
import type { DelegateSocket } from './delegate-socket.js';

export type Hello = Extract<DelegateMessage, { type: 'hello' }>;

/** What a connection needs of the service around it. */
export interface ConnectionHost {
  track(socket: DelegateSocket, visitor: Visitor): void;
  untrack(socket: DelegateSocket, visitor: Visitor): void;
  /** Registers the delegate and answers `welcome`. */
  welcome(socket: DelegateSocket, visitor: Visitor, hello: Hello, isKeyProven: boolean): Promise<DelegateSession>;
  /** Not let in, although its token is good. */
  refused(visitor: Visitor, reason: string): void;
  receive(session: DelegateSession, message: DelegateMessage): Promise<void>;
  gone(session: DelegateSession, code: number): Promise<void>;
  failed(cause: unknown): void;
}

type Stage =
  | { readonly name: 'opened' }
  | { readonly name: 'challenging' }
  | { readonly name: 'challenged'; readonly hello: Hello; readonly nonce: string }
  | { readonly name: 'welcomed'; readonly session: Promise<DelegateSession> };

/** The order of things on one connection: hello first and soon, the proof of its key, then everything else. */
export class ConnectionLife {
  private stage: Stage = { name: 'opened' };
  private impatience: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: ConnectionHost,
    private readonly visitor: Visitor,
    private readonly instanceHeader: string | string[] | undefined,
  ) {}

  start(socket: DelegateSocket, handshakeMs: number): void {
    this.host.track(socket, this.visitor);
    this.impatience = setTimeout(
      () => socket.close(CLOSE_CODES.BAD_MESSAGE, `no hello and proof within ${handshakeMs / 1000} s`),
      handshakeMs,
    );
  }

  async receive(socket: DelegateSocket, message: DelegateMessage): Promise<void> {
    const { stage } = this;
    switch (stage.name) {
      case 'opened':
        return this.open(socket, message);
      case 'challenging':
        return socket.close(CLOSE_CODES.BAD_MESSAGE, 'wait for the challenge');
      case 'challenged':
        return this.prove(socket, message, stage);
      case 'welcomed': {
        const session = await stage.session.catch(() => undefined);
        if (session) await this.host.receive(session, message);
      }
    }
  }

  end(socket: DelegateSocket, code: number): void {
    clearTimeout(this.impatience);
    this.host.untrack(socket, this.visitor);
    if (this.stage.name !== 'welcomed') return;
    void this.stage.session.then(
      (session) => this.host.gone(session, code),
      () => undefined,
    );
  }

  private async open(socket: DelegateSocket, message: DelegateMessage): Promise<void> {
    const problem = problemOf(message, this.instanceHeader);
    if (problem || message.type !== 'hello')
      return this.refuse(
        socket,
        problem?.code ?? CLOSE_CODES.BAD_MESSAGE,
        problem?.reason ?? 'the first message must be hello',
      );
    if (message.protocol.max < KEY_PROOF_VERSION) return this.welcome(socket, message, false);
    this.stage = { name: 'challenging' };
    const nonce = newId();
    const sealed = await seal(message.publicKey, nonce, keyProofContext(message.instanceId)).catch(() => undefined);
    if (sealed === undefined)
      return this.refuse(socket, CLOSE_CODES.BAD_MESSAGE, 'publicKey is no X25519 public key in base64url');
    this.stage = { name: 'challenged', hello: message, nonce };
    socket.send({ type: 'challenge', replyTo: message.id, sealed });
  }

  private async prove(
    socket: DelegateSocket,
    message: DelegateMessage,
    { hello, nonce }: { hello: Hello; nonce: string },
  ): Promise<void> {
    if (message.type !== 'proof')
      return this.refuse(socket, CLOSE_CODES.BAD_MESSAGE, 'the answer to a challenge must be proof');
    if (!isSame(message.nonce, nonce))
      return this.refuse(
        socket,
        CLOSE_CODES.UNAUTHORISED,
        'the proof does not fit: this process does not hold the key it names',
      );
    await this.welcome(socket, hello, true);
  }

  private refuse(socket: DelegateSocket, code: number, reason: string): void {
    this.host.refused(this.visitor, reason);
    socket.close(code, reason);
  }

  private async welcome(socket: DelegateSocket, hello: Hello, isKeyProven: boolean): Promise<void> {
    clearTimeout(this.impatience);
    const session = this.host.welcome(socket, this.visitor, hello, isKeyProven);
    this.stage = { name: 'welcomed', session };
    await session.catch((cause: unknown) => {
      this.host.failed(cause);
      socket.close(CLOSE_CODES.SHUTTING_DOWN, 'registration failed; try again');
    });
  }
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function problemOf(
  message: DelegateMessage,
  instanceHeader: string | string[] | undefined,
): { code: number; reason: string } | undefined {
  if (message.type !== 'hello') return { code: CLOSE_CODES.BAD_MESSAGE, reason: 'the first message must be hello' };
  const { min, max } = message.protocol;
  if (min > KEY_PROOF_VERSION || max < PROTOCOL_VERSION)
    return {
      code: CLOSE_CODES.PROTOCOL_VERSION,
      reason: `this service speaks protocol versions ${PROTOCOL_VERSION} to ${KEY_PROOF_VERSION}, the delegate ${min} to ${max}`,
    };
  if (instanceHeader !== undefined && instanceHeader !== message.instanceId)
    return { code: CLOSE_CODES.BAD_MESSAGE, reason: `hello and header ${INSTANCE_HEADER} name different instances` };
  return undefined;
}
