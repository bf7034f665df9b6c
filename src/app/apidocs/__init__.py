"""What other people's programs rely on, written down from the code."""
