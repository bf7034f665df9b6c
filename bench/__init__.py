"""What the service does, beside the ceilings of its parts, in one run on one machine: only the ratios mean anything."""
