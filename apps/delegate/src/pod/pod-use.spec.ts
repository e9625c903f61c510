import { describe, expect, it } from '@jest/globals';
import { PodUse } from './pod-use.js';

describe('what may still be asked of a pod', () => {
  it('is nothing once every step is over', () => {
    const use = new PodUse(['a', 'b'], undefined, 1);
    use.begins('a', 2);
    use.ends('a', 3);
    expect(use.uselessSince(1e15, false)).toBeUndefined();
    use.begins('b', 4);
    expect(use.uselessSince(1e15, false)).toBeUndefined();
    use.ends('b', 5);
    expect(use.uselessSince(6, false)).toBe(5);
  });

  it('is a step that has not come, until the run of the pod is over', () => {
    const use = new PodUse(['a'], 100, 1);
    expect(use.uselessSince(99, false)).toBeUndefined();
    expect(use.uselessSince(100, false)).toBe(100);
  });

  it('is nothing of a broken pod, but for the step that is still told its end', () => {
    const use = new PodUse(['a', 'b'], 100, 1);
    use.begins('a', 2);
    expect(use.uselessSince(1e15, true)).toBeUndefined();
    use.ends('a', 3);
    expect(use.uselessSince(4, true)).toBe(3);
  });
});
