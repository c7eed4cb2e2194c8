"""What is wrong with a network, from what its layers look like while it trains."""
