"""What connectors of any kind share: reading settings, text that can be stored, the words of telephony. No channel."""
