"""JSON documents and schemas that people bring."""
