import { Anchor, Button, NavLink, type AnchorProps, type ButtonProps, type NavLinkProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { forwardRef, type AnchorHTMLAttributes } from 'react';

type NativeAnchor = AnchorHTMLAttributes<HTMLAnchorElement>;

const PlainAnchor = forwardRef<HTMLAnchorElement, AnchorProps & Omit<NativeAnchor, keyof AnchorProps>>(
  function PlainAnchor(props, ref) {
    return <Anchor ref={ref} {...props} />;
  },
);

const PlainButton = forwardRef<HTMLAnchorElement, ButtonProps & Omit<NativeAnchor, keyof ButtonProps>>(
  function PlainButton(props, ref) {
    return <Button component="a" ref={ref} {...props} />;
  },
);

const PlainNavLink = forwardRef<HTMLAnchorElement, NavLinkProps & Omit<NativeAnchor, keyof NavLinkProps>>(
  function PlainNavLink(props, ref) {
    return <NavLink component="a" ref={ref} {...props} />;
  },
);

/** Text link to a page of this application; `to` and `params` are checked against the routes. */
export const PageLink = createLink(PlainAnchor);
/** Link to a page that looks like a button. */
export const PageButton = createLink(PlainButton);
/** Entry of the side navigation. */
export const PageNavLink = createLink(PlainNavLink);
