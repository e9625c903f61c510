/** A pattern for LIKE and ILIKE that finds `term` anywhere, whatever characters it holds. */
export function containing(term: string): string {
  return `%${term.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
