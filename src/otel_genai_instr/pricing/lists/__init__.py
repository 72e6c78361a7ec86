"""The prices that everyone gets: genai-prices, put right where it is wrong, and our own table. Loaded on first use."""
