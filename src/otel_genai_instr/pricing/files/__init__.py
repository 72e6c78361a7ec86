"""The user's own prices: a file read, checked line by line, and asked like any other list."""
