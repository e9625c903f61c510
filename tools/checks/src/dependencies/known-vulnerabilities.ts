/** One published weakness of a package, as the OSV format tells it: from `introduced` on, up to and without `fixed`. */
export interface KnownVulnerability {
  readonly id: string;
  readonly ecosystem: 'npm' | 'maven';
  readonly package: string;
  readonly introduced: string;
  readonly fixed: string;
  readonly summary: string;
  /** Why it cannot be used against Sluice. Without one, an affected version fails the check. */
  readonly accepted?: string;
}

/**
 * Weaknesses of what Sluice ships or builds on. The registry's audit is not everywhere within reach, so the list is kept here; add to
 * it whatever an advisory names, also when the version in use is not affected: it then guards against going back.
 */
export const KNOWN_VULNERABILITIES: readonly KnownVulnerability[] = [
  {
    id: 'CVE-2025-48924',
    ecosystem: 'maven',
    package: 'commons-lang3',
    introduced: '3.0',
    fixed: '3.18.0',
    summary: 'ClassUtils.getClass recurses without bound on very long class names',
    accepted:
      'only Liquibase calls it, with class names of its own; a changelog that names a class is judged before, and a stack overflow ends one step of its writer',
  },
  {
    id: 'CVE-2024-47554',
    ecosystem: 'maven',
    package: 'commons-io',
    introduced: '2.0',
    fixed: '2.14.0',
    summary: 'XmlStreamReader uses much CPU on a crafted document',
  },
  {
    id: 'CVE-2022-42889',
    ecosystem: 'maven',
    package: 'commons-text',
    introduced: '1.5',
    fixed: '1.10.0',
    summary: 'string interpolation runs scripts and asks hosts',
  },
  {
    id: 'CVE-2022-1471',
    ecosystem: 'maven',
    package: 'snakeyaml',
    introduced: '0',
    fixed: '2.0',
    summary: 'a YAML document constructs any class',
  },
  {
    id: 'CVE-2024-1597',
    ecosystem: 'maven',
    package: 'postgresql',
    introduced: '42.7.0',
    fixed: '42.7.2',
    summary: 'SQL injection with preferQueryMode=simple',
  },
  {
    id: 'CVE-2025-49146',
    ecosystem: 'maven',
    package: 'postgresql',
    introduced: '42.7.4',
    fixed: '42.7.7',
    summary: 'channelBinding=require falls back to an unbound sign-in',
  },
  {
    id: 'CVE-2022-0839',
    ecosystem: 'maven',
    package: 'liquibase-core',
    introduced: '0',
    fixed: '4.8.0',
    summary: 'external entities in XML changelogs',
  },
  {
    id: 'CVE-2021-42392',
    ecosystem: 'maven',
    package: 'h2',
    introduced: '1.1.100',
    fixed: '2.0.206',
    summary: 'a JDBC URL or console loads remote classes',
  },
  {
    id: 'CVE-2022-45868',
    ecosystem: 'maven',
    package: 'h2',
    introduced: '0',
    fixed: '2.2.220',
    summary: 'the console takes its password as an argument',
  },
  {
    id: 'CVE-2024-37890',
    ecosystem: 'npm',
    package: 'ws',
    introduced: '8.0.0',
    fixed: '8.17.1',
    summary: 'many headers end a server',
  },
  {
    id: 'CVE-2025-47279',
    ecosystem: 'npm',
    package: 'undici',
    introduced: '7.0.0',
    fixed: '7.5.0',
    summary: 'memory leak with bad certificates',
  },
  {
    id: 'CVE-2025-32442',
    ecosystem: 'npm',
    package: 'fastify',
    introduced: '5.0.0',
    fixed: '5.3.2',
    summary: 'validation passed by with another spelling of the content type',
  },
  {
    id: 'CVE-2024-37168',
    ecosystem: 'npm',
    package: '@grpc/grpc-js',
    introduced: '1.10.0',
    fixed: '1.10.9',
    summary: 'messages over the size limit use memory',
  },
  {
    id: 'CVE-2024-28176',
    ecosystem: 'npm',
    package: 'jose',
    introduced: '5.0.0',
    fixed: '5.2.3',
    summary: 'a small encrypted token unpacks to a large one',
  },
  {
    id: 'CVE-2023-2251',
    ecosystem: 'npm',
    package: 'yaml',
    introduced: '2.0.0',
    fixed: '2.2.2',
    summary: 'an error that is not caught ends the process',
  },
  {
    id: 'CVE-2025-60542',
    ecosystem: 'npm',
    package: 'typeorm',
    introduced: '0.0.1',
    fixed: '0.3.26',
    summary: 'SQL injection by repository.save and update with objects for scalars',
  },
  {
    id: 'CVE-2024-29409',
    ecosystem: 'npm',
    package: '@nestjs/common',
    introduced: '10.0.0',
    fixed: '10.4.16',
    summary: 'content type of an upload runs code',
  },
  {
    id: 'CVE-2025-30208',
    ecosystem: 'npm',
    package: 'vite',
    introduced: '6.2.0',
    fixed: '6.2.3',
    summary: 'the development server gives out any file',
  },
  {
    id: 'CVE-2024-4068',
    ecosystem: 'npm',
    package: 'braces',
    introduced: '0',
    fixed: '3.0.3',
    summary: 'unbalanced braces use memory',
  },
  {
    id: 'CVE-2024-21538',
    ecosystem: 'npm',
    package: 'cross-spawn',
    introduced: '7.0.0',
    fixed: '7.0.5',
    summary: 'an exponential regular expression',
  },
];
