"""One module a corpus; each offers one `Source`, or one for each of its parts. They are found by looking here."""
