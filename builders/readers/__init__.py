"""One module a file format; each yields `Record`s and, for what it sets aside, `Rejected`s."""
