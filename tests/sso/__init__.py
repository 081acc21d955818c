"""Single sign-on against a real OpenID Connect provider in a process of its own."""
