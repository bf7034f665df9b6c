"""How a command becomes events, once."""
