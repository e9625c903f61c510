import type { Element, Entry, GeneratedChangeset } from './changelog-generator.js';

const HEAD =
  'xmlns="http://www.liquibase.org/xml/ns/dbchangelog" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd"';
/** Written between the tags of these elements, not as an attribute. */
const TEXT: Readonly<Record<string, string>> = { sql: 'sql', sqlCheck: 'sql', createView: 'selectQuery' };

export function renderXml(entries: readonly Entry[], attributes: Readonly<Record<string, string>>): string {
  const body = entries.map((entry) => {
    if ('changeSet' in entry) return changeset(entry.changeSet);
    return Object.entries(entry)
      .map(([name, value]) => element(name, value))
      .join('');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<databaseChangeLog ${HEAD}${attributeList(attributes)}>\n${body.join('\n')}\n</databaseChangeLog>\n`;
}

function changeset({
  attributes,
  comment,
  validCheckSum,
  preConditions,
  changes,
  rollback,
  modifySql,
}: GeneratedChangeset): string {
  return [
    `<changeSet${attributeList(attributes)}>`,
    validCheckSum === undefined ? '' : `<validCheckSum>${escape(validCheckSum)}</validCheckSum>`,
    preConditions === undefined ? '' : conditions(preConditions),
    comment === undefined ? '' : `<comment>${escape(comment)}</comment>`,
    ...changes.map(list),
    rollback === undefined ? '' : `<rollback>${escape(rollback)}</rollback>`,
    modifySql === undefined ? '' : element('modifySql', modifySql),
    '</changeSet>',
  ]
    .filter((part) => part !== '')
    .join('\n  ');
}

/** The first entry holds the attributes of the list itself. */
function conditions([own = {}, ...rest]: readonly Element[]): string {
  return `<preConditions${attributeList(own)}>${rest.map(list).join('')}</preConditions>`;
}

function list(item: Element): string {
  return Object.entries(item)
    .map(([name, value]) => element(name, value as Element | readonly Element[]))
    .join('');
}

function element(name: string, value: Element | readonly Element[]): string {
  if (Array.isArray(value)) return `<${name}>${value.map(list).join('')}</${name}>`;
  const scalars: Record<string, string | number | boolean> = {};
  let inside = '';
  for (const [key, part] of Object.entries(value as Element)) {
    if (part === undefined) continue;
    if (Array.isArray(part)) inside += part.map(list).join('');
    else if (typeof part === 'object') inside += element(key, part as Element);
    else if (TEXT[name] === key) inside += escape(String(part));
    else if (key === 'where') inside += `<where>${escape(String(part))}</where>`;
    else scalars[key] = part as string | number | boolean;
  }
  return `<${name}${attributeList(scalars)}>${inside}</${name}>`;
}

function attributeList(attributes: Element): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
