"""A stored call, asked again: what a span says, back to a request of its SDK, and what comes back beside what came."""
