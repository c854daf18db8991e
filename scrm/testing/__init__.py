"""For authors of connectors and rules: the contract every connector keeps, fixture replay, a faked world."""
