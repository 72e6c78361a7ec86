"""The ``anthropic`` SDK: messages, plain and streamed, and the counting of their tokens."""
