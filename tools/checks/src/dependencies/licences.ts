import { ENGINE_JARS } from '@sluice/step-runner';
import { lockedPackages, type LockedPackage } from './locked-packages.js';

/** Licences that ask for no more than their own text. */
const FREE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
]);

/** Licences that ask for more, by package, each with the reason why it may be used. */
const ACCEPTED: readonly { readonly licence: string; readonly packages: RegExp; readonly reason: string }[] = [
  { licence: 'MPL-2.0', packages: /^lightningcss/, reason: 'builds the style sheets of the UI; it is not shipped' },
  {
    licence: 'LGPL-2.1-or-later',
    packages: /^mariadb-java-client$/,
    reason: 'a driver of its own, loaded unchanged from its own jar',
  },
  {
    licence: 'MPL-2.0 OR EPL-1.0',
    packages: /^h2$/,
    reason: 'a database of its own, loaded unchanged from its own jar',
  },
  {
    licence: 'CC-BY-4.0',
    packages: /^caniuse-lite$/,
    reason: 'data about browsers for building the UI; it is not shipped',
  },
];

/** Every package of the lock file and every jar of the change engine, with its licence. */
export function licensedPackages(root: string): LockedPackage[] {
  return [...lockedPackages(root), ...ENGINE_JARS.map(({ name, version, licence }) => ({ name, version, licence }))];
}

/** Pure: one sentence for each package whose licence was not looked at. */
export function licenceComplaints(packages: readonly LockedPackage[]): string[] {
  return packages
    .filter((one) => !isFree(one.licence) && acceptance(one) === undefined)
    .map(
      ({ name, version, licence }) =>
        `${name} ${version} has the licence ${licence}; take another package, or say in licences.ts why this one may be used`,
    );
}

/** Pure: "MIT: 853 packages", most first; a licence that asks for more comes with its packages and the reason. */
export function licenceSummary(packages: readonly LockedPackage[]): string[] {
  const byLicence = new Map<string, LockedPackage[]>();
  for (const one of packages) byLicence.set(one.licence, [...(byLicence.get(one.licence) ?? []), one]);
  return [...byLicence]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([licence, those]) => {
      const reasons = [...new Set(those.flatMap((one) => acceptance(one)?.reason ?? []))];
      return `${licence}: ${those.length} ${those.length === 1 ? 'package' : 'packages'}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`;
    });
}

/** All parts of "A AND B", one part of "A OR B". */
function isFree(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((licence) => FREE.has(licence.trim())));
}

function acceptance({ name, licence }: LockedPackage) {
  return ACCEPTED.find((one) => one.licence === licence && one.packages.test(name));
}
