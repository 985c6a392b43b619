"""What backends with neural models share: the hub, loading, sub-words, windows, batching, adapters, training."""
