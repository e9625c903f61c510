import {
  CLOSE_CODES,
  DELEGATE_PATH,
  INSTANCE_HEADER,
  KEY_PROOF_VERSION,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  TASK_KINDS,
  keyProofContext,
  serverMessage,
  type DelegateMessage,
  type ServerMessage,
} from '@sluice/delegate-protocol';
import { newId, waitFor } from '@sluice/kernel';
import { open, type SealingKeyPair } from '@sluice/sealed-secrets';
import { WebSocket } from 'ws';

type Sent = DelegateMessage extends infer M
  ? M extends DelegateMessage
    ? Omit<M, 'v' | 'id'> & { readonly id?: string }
    : never
  : never;
type Received<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>;

export interface ScriptedDelegateOptions {
  /** `http://host:port` of the service. */
  readonly url: string;
  /** `<token id>.<secret>` */
  readonly token: string;
  readonly instanceId?: string;
  readonly name?: string;
  readonly hostName?: string;
  readonly tags?: readonly string[];
  readonly maxConcurrentTasks?: number;
  readonly publicKey?: string;
  /** Speaks the version that proves its key, with this pair; without it the older one. */
  readonly keyPair?: SealingKeyPair;
  /** What it answers to the challenge instead of the nonce. */
  readonly nonce?: string;
  readonly held?: readonly { taskId: string; epoch: number }[];
}

/** A delegate a spec plays itself, frame by frame. Everything it received stays readable. */
export class ScriptedDelegate {
  readonly instanceId: string;
  readonly received: ServerMessage[] = [];
  closeCode: number | undefined;
  delegateId = '';
  private readonly taken = new Set<ServerMessage>();

  private constructor(
    private readonly socket: WebSocket,
    instanceId: string,
  ) {
    this.instanceId = instanceId;
    socket.on('message', (data) => this.received.push(serverMessage.parse(JSON.parse(data.toString()))));
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  /** Connects, says hello and waits for `welcome`. */
  static async connect(options: ScriptedDelegateOptions): Promise<ScriptedDelegate> {
    const delegate = await ScriptedDelegate.open(options);
    delegate.send({
      type: 'hello',
      protocol: { min: PROTOCOL_VERSION, max: options.keyPair ? KEY_PROOF_VERSION : PROTOCOL_VERSION },
      instanceId: delegate.instanceId,
      name: options.name ?? 'scripted',
      hostName: options.hostName ?? 'spec-host',
      version: '0',
      tags: [...(options.tags ?? [])],
      taskKinds: [...TASK_KINDS],
      maxConcurrentTasks: options.maxConcurrentTasks ?? 8,
      publicKey: options.publicKey ?? options.keyPair?.publicKey ?? 'no-key',
      held: [...(options.held ?? [])],
    });
    if (options.keyPair) {
      const { id, sealed } = await delegate.next('challenge');
      delegate.send({
        type: 'proof',
        replyTo: id,
        nonce: options.nonce ?? (await open(options.keyPair, sealed, keyProofContext(delegate.instanceId))),
      });
    }
    delegate.delegateId = (await delegate.next('welcome')).delegateId;
    return delegate;
  }

  /** Only the WebSocket, without hello. */
  static async open(options: Pick<ScriptedDelegateOptions, 'url' | 'token' | 'instanceId'>): Promise<ScriptedDelegate> {
    const instanceId = options.instanceId ?? newId();
    const headers = { authorization: `Delegate ${options.token}`, [INSTANCE_HEADER]: instanceId };
    const socket = new WebSocket(`${options.url.replace(/^http/, 'ws')}${DELEGATE_PATH}`, SUBPROTOCOL, {
      headers,
      perMessageDeflate: false,
    });
    const delegate = new ScriptedDelegate(socket, instanceId);
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return delegate;
  }

  send(message: Sent): void {
    this.socket.send(JSON.stringify({ v: PROTOCOL_VERSION, id: newId(), ...message }));
  }

  /** A piece of a message that others follow. */
  sendPiece(text: string): void {
    this.socket.send(text, { fin: false });
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  /** The first message of this type that was not taken yet. @throws Error at once when the socket is closed and it is not among what came before */
  next<Type extends ServerMessage['type']>(
    type: Type,
    accept: (message: Received<Type>) => boolean = () => true,
    timeoutMs = 120_000,
  ): Promise<Received<Type>> {
    return waitFor(
      () => {
        const found = this.received.find(
          (message): message is Received<Type> =>
            message.type === type && !this.taken.has(message) && accept(message as Received<Type>),
        );
        if (found) this.taken.add(found);
        else if (this.closeCode !== undefined)
          throw new Error(`a message "${type}" cannot come any more: the socket was closed with ${this.closeCode}`);
        return found;
      },
      { timeoutMs, intervalMs: 5, what: `a message "${type}"` },
    );
  }

  /** Acquires and answers with the lease, or with the refusal's reason. */
  async acquire(taskId: string, wantsSecrets = false): Promise<Received<'acquired'> | Received<'notAcquired'>> {
    const id = newId();
    this.send({ id, type: 'acquire', taskId, instanceId: this.instanceId, wantsSecrets });
    return waitFor(
      () =>
        this.received.find(
          (message): message is Received<'acquired'> | Received<'notAcquired'> =>
            (message.type === 'acquired' || message.type === 'notAcquired') && message.replyTo === id,
        ),
      { timeoutMs: 120_000, intervalMs: 5, what: `an answer to acquire ${taskId}` },
    );
  }

  closed(timeoutMs = 120_000): Promise<number> {
    return waitFor(() => this.closeCode, { timeoutMs, intervalMs: 5, what: 'the close of the socket' });
  }

  /** Goes away like a killed process: without a word. */
  kill(): void {
    this.socket.terminate();
  }

  close(): void {
    this.socket.close(1000);
  }
}

export { CLOSE_CODES };
