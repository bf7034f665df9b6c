"""Regular expressions of ECMA-262, translated for an engine that runs in linear time."""
