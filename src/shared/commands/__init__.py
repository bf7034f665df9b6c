"""The write path: from a command to its events, outcome and answer."""
