"""The content store: what was said, one object for each call, in a folder that the user's URL names."""
