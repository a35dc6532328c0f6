"""The demo: a corpus that the project draws and writes itself, with known limits."""
