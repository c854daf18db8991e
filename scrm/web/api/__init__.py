"""One module per resource; handlers parse, call one service function, and answer."""
