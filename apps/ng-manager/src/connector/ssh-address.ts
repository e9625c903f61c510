/** Is it an address that git reaches over SSH? No part of it may begin with a dash: programs would take it for an option. */
export function isSshAddress(url: string): boolean {
  if (/^[\w][\w.-]*@[\w][\w.-]*:(?![-/\s]*-)\S+$/.test(url)) return true;
  return /^ssh:\/\/(?:[\w][\w.-]*@)?(?:[\w][\w.-]*|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?\/(?!-)\S+$/.test(url);
}

/**
 * The same place over SSH, for clients that name it by its web address and authenticate with a key: `https://host/team` is `ssh://host/team`, and the
 * key says as whom. Others are left as they are.
 */
export function sshAddressOf(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return url;
  const { hostname, pathname } = new URL(url);
  return `ssh://${hostname}${pathname}`;
}
