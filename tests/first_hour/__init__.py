"""The first hour of a person who installs the wheel: every block of the docs, pasted as it stands."""
