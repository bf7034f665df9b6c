"""What every context needs: messages, the write path, the cache, HTTP, the event log. No business noun."""
