import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { BytesOfAccounts, type UnhandledBytes } from './unhandled-bytes.js';

const KIB = 1024;
const LIMIT = 1_000 * KIB;

describe('the bytes of an account', () => {
  const account = (): { cut: string[]; connect: (name: string) => UnhandledBytes } => {
    const accounts = new BytesOfAccounts(LIMIT);
    const cut: string[] = [];
    return { cut, connect: (name) => accounts.of('a', Readable.from([]), () => cut.push(name)) };
  };

  it('count the whole messages of a connection that was cut until they are handled: it does not pass the bound by coming back', () => {
    const { cut, connect } = account();
    const [first, second] = [connect('first'), connect('second')];
    first.whole(700 * KIB);
    second.whole(600 * KIB);
    expect(cut).toEqual(['first']);
    second.whole(-600 * KIB);
    connect('back').coming(400 * KIB);
    expect(cut).toEqual(['first', 'back']);
    connect('again').whole(400 * KIB);
    expect(cut).toEqual(['first', 'back', 'again']);
    first.whole(-700 * KIB);
    connect('later').coming(500 * KIB);
    expect(cut).toEqual(['first', 'back', 'again']);
  });

  it('are free of what was not whole as soon as its connection is cut, and count it once', () => {
    const { cut, connect } = account();
    const [first, second] = [connect('first'), connect('second')];
    first.coming(900 * KIB);
    second.coming(200 * KIB);
    expect(cut).toEqual(['first']);
    second.coming(700 * KIB);
    first.coming(-900 * KIB);
    first.coming(50 * KIB);
    expect(cut).toEqual(['first']);
    connect('third').coming(200 * KIB);
    expect(cut).toEqual(['first', 'second']);
  });

  it('leave the heartbeats of the others alone while the messages of a lost connection are handled', () => {
    const { cut, connect } = account();
    const lost = connect('lost');
    lost.whole(1_500 * KIB);
    const others = ['second', 'third'].map(connect);
    others.forEach((one) => one.coming(KIB));
    expect(cut).toEqual(['lost']);
    others.forEach((one) => one.whole(KIB));
    expect(cut).toEqual(['lost']);
  });
});
