/** What a v1 list is asked for. */
export interface ListRequest {
  /** 0-based. */
  readonly page: number;
  /** 1 to 100. */
  readonly limit: number;
  readonly search_term?: string | undefined;
  readonly sort: 'name' | 'updated' | 'created';
  readonly order: 'ASC' | 'DESC';
}

/** Columns behind the sort words. */
export const SORT_PROPERTY = { name: 'name', updated: 'updatedAt', created: 'createdAt' } as const;
