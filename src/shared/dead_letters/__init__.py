"""Commands and events that could not be processed."""
