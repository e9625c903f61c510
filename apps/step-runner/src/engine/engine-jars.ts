/** A jar of the Liquibase distribution, as it was looked at. */
export interface EngineJar {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** SPDX identifier. */
  readonly licence: string;
}

/**
 * The open-source part of the Liquibase distribution: what the change engine runs on, and nothing else of it. The commercial, Oracle
 * and DB2 jars stay out, because their licences do not allow it.
 */
export const ENGINE_JARS: readonly EngineJar[] = [
  {
    name: 'liquibase-core',
    version: '4.28.0',
    licence: 'Apache-2.0',
    sha256: '3256fa7412bf0534822bab12d2e84c291e64c1c62fcbe756fe44e7c3d314995d',
  },
  {
    name: 'picocli',
    version: '4.7.5',
    licence: 'Apache-2.0',
    sha256: 'e83a906fb99b57091d1d68ac11f7c3d2518bd7a81a9c71b259e2c00d1564c8e8',
  },
  {
    name: 'snakeyaml',
    version: '2.2',
    licence: 'Apache-2.0',
    sha256: '1467931448a0817696ae2805b7b8b20bfb082652bf9c4efaed528930dc49389b',
  },
  {
    name: 'opencsv',
    version: '5.9',
    licence: 'Apache-2.0',
    sha256: '2023969b86ce968ad8ae549648ac587d141c19ae684a9a5c67c9105f37ab0d1c',
  },
  {
    name: 'commons-lang3',
    version: '3.14.0',
    licence: 'Apache-2.0',
    sha256: '7b96bf3ee68949abb5bc465559ac270e0551596fa34523fddf890ec418dde13c',
  },
  {
    name: 'commons-text',
    version: '1.11.0',
    licence: 'Apache-2.0',
    sha256: '2acf30a070b19163d5a480eae411a281341e870020e3534c6d5d4c8472739e30',
  },
  {
    name: 'commons-io',
    version: '2.16.1',
    licence: 'Apache-2.0',
    sha256: 'f41f7baacd716896447ace9758621f62c1c6b0a91d89acee488da26fc477c84f',
  },
  {
    name: 'commons-collections4',
    version: '4.4',
    licence: 'Apache-2.0',
    sha256: '1df8b9430b5c8ed143d7815e403e33ef5371b2400aadbe9bda0883762e0846d1',
  },
  {
    name: 'postgresql',
    version: '42.7.3',
    licence: 'BSD-2-Clause',
    sha256: 'a2644cbfba1baa145ff7e8c8ef582a6eed7a7ec4ca792f7f054122bdec756268',
  },
  {
    name: 'mariadb-java-client',
    version: '3.3.3',
    licence: 'LGPL-2.1-or-later',
    sha256: '89d71a6ffd800c032b23e588108688d391631f0aba962ba2381cc82cb111b796',
  },
  {
    name: 'h2',
    version: '2.2.224',
    licence: 'MPL-2.0 OR EPL-1.0',
    sha256: 'b9d8f19358ada82a4f6eb5b174c6cfe320a375b5a9cb5a4fe456d623e6e55497',
  },
];

/** Seen by the rehearsal only, in a class loader of its own that is closed after it; no step has it on its class path. */
export const REHEARSAL_JAR = 'h2';
