"""One folder per channel; each is found by an entry point of the group `scrm.connectors`."""
