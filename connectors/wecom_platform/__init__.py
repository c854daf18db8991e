"""What the WeCom connectors share, not a channel: callbacks, the API client, reading fields, pieces of settings."""
