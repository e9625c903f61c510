import { Box, CopyButton, Tooltip, ActionIcon } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

import classes from './value-view.module.css';

/** Something worth showing: not empty on any level. */
export function hasValue(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (typeof value === 'object') return Object.values(value).some(hasValue);
  return true;
}

/** Inputs or outputs of a step, by name; nested values as indented JSON. */
export function ValueView({ value }: { readonly value: unknown }) {
  const entries = isRecord(value)
    ? Object.entries(value).filter(([, item]) => hasValue(item))
    : [['value', value] as const];
  return (
    <dl className={classes.list}>
      {entries.map(([name, item]) => (
        <Entry key={name} name={name} text={textOf(item)} />
      ))}
    </dl>
  );
}

function Entry({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <pre tabIndex={text.includes('\n') ? 0 : undefined}>{text}</pre>
        <Box>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Tooltip label={copied ? 'Copied' : `Copy ${name}`}>
                <ActionIcon size="sm" onClick={copy} aria-label={`Copy ${name}`}>
                  {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
                </ActionIcon>
              </Tooltip>
            )}
          </CopyButton>
        </Box>
      </dd>
    </>
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, null, 2) ?? String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
