import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState, type ChangeEvent } from 'react';

/** A search box whose text lives in the address: typing is shown at once, the address follows a moment later. */
export function useSearchText(inAddress: string, onSearch: (text: string) => void) {
  const [text, setText] = useState(inAddress);
  const sent = useRef(inAddress);
  const send = useDebouncedCallback((value: string) => {
    sent.current = value;
    onSearch(value);
  }, 300);
  useEffect(() => {
    // Only a change that did not come from this box (a link, the back button) may replace what is being typed.
    if (inAddress === sent.current) return;
    sent.current = inAddress;
    setText(inAddress);
  }, [inAddress]);
  const update = (value: string): void => {
    setText(value);
    send(value);
  };
  return {
    inputProps: { value: text, onChange: (event: ChangeEvent<HTMLInputElement>) => update(event.currentTarget.value) },
    clear: () => {
      setText('');
      sent.current = '';
      onSearch('');
    },
  };
}
