"""One folder per SDK: how its objects become neutral data, and which of its methods to wrap."""
