"""What went wrong in a trace: checks in the order of the usual causes, each with its verdict and its evidence. Pure."""
