import { Observable } from 'rxjs';

/** A server stream from an async generator. `signal` aborts as soon as the caller is gone, also while nothing is being sent. */
export function streamOf<T>(produce: (signal: AbortSignal) => AsyncIterable<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const gone = new AbortController();
    const pump = async (): Promise<void> => {
      for await (const value of produce(gone.signal)) {
        if (gone.signal.aborted) return;
        subscriber.next(value);
      }
      subscriber.complete();
    };
    pump().catch((cause: unknown) => subscriber.error(cause));
    return () => gone.abort();
  });
}
