"""JSON documents and JSON Schemas of users."""
