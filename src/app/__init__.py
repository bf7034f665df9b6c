"""The application: its composition, command line, server, status and API documents."""
