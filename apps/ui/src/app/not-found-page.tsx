import { IconMapOff } from '@tabler/icons-react';

import { EmptyState } from '../feedback/empty-state.js';
import { useDocumentTitle } from '../feedback/page-header.js';
import { PageButton } from '../navigation/links.js';

/** Any address that has no page. */
export function NotFoundPage() {
  useDocumentTitle('Page not found');
  return (
    <EmptyState
      icon={<IconMapOff size={30} />}
      title="Page not found"
      actions={
        <PageButton to="/" variant="default">
          Go to projects
        </PageButton>
      }
    >
      There is no page at this address. The link may be misspelt, or it is for something that has no page yet and is
      reached through the API or the command line.
    </EmptyState>
  );
}
