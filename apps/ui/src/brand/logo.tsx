/** The mark: a gate with water behind it. */
export function Logo({ size = 28 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="7" fill="var(--mantine-color-sluice-8)" />
      <path d="M8 6v20M24 6v20" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M8 11h16" stroke="#fff" strokeWidth="3" />
      <path
        d="M8 20c2.700 0 2.700 2.400 5.300 2.400S16 20 18.700 20 21.300 22.400 24 22.400"
        stroke="#a5e3ee"
        strokeWidth="2.600"
        fill="none"
      />
    </svg>
  );
}
