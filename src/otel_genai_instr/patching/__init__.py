"""How a call to a foreign SDK becomes an operation. Knows no provider: it is given a table of methods."""
