"""Coming in and going out: passwords, second factors, passkeys, single sign-on, sessions, invitations, one-time links."""
