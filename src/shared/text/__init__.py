"""Text of users in one form."""
