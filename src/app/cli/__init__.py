"""The command line `modplane`."""
