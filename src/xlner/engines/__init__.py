"""Where a run executes: shards on disk that survive a kill."""
