"""Posts to predict on: files and folders, read row by row, from any row on, in constant memory."""
