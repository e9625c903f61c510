import { Code } from '@mantine/core';
import { IconBuilding } from '@tabler/icons-react';

import { EmptyState } from '../feedback/empty-state.js';
import { PageButton } from '../navigation/links.js';
import { PATHS } from '../navigation/paths.js';

/** A link into another account: the key in use cannot see it, and must not be sent there. */
export function OtherAccountPage({
  accountInAddress,
  ownAccount,
}: {
  readonly accountInAddress: string;
  readonly ownAccount: string;
}) {
  return (
    <EmptyState
      icon={<IconBuilding size={30} />}
      title="This address belongs to another account"
      actions={
        <PageButton to={PATHS.home} params={{ account: ownAccount }} variant="default">
          Go to my projects
        </PageButton>
      }
    >
      The link is for account <Code>{accountInAddress}</Code>, and you are signed in to <Code>{ownAccount}</Code>. Sign
      out and sign in with a key of that account to open it.
    </EmptyState>
  );
}
