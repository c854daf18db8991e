"""The script packs, keyword rules and word lists that ship with the hub. Data only."""
