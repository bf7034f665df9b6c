"""What every context needs and no context owns: messages, the write path, the cache, HTTP manners. No business noun."""
