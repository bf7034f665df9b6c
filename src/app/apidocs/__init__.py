"""The OpenAPI and AsyncAPI documents and the schemas of messages, made from the code."""
