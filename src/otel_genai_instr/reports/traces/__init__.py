"""One trace with all that its spans say, from wherever it is stored."""
