import { PrerequisiteError } from './progress.mjs';

const MINIMUM_NODE = [20, 19];

/** @throws PrerequisiteError when this Node or this machine cannot run Sluice. */
export function checkPlatform({
  version = process.versions.node,
  platform = process.platform,
  arch = process.arch,
} = {}) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    throw new PrerequisiteError(
      `Sluice needs Node ${MINIMUM_NODE.join('.')} or newer, and this is ${version}; please install a newer Node.`,
    );
  }
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch)) {
    throw new PrerequisiteError(
      `The local stack runs on Linux x64 and arm64, and this is ${platform} ${arch}; please use a Linux machine or a container.`,
    );
  }
}
