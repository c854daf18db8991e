"""What the product knows. Pure: standard library only, no clock, no I/O."""
