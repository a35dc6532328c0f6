"""Files to samples: readers, tables, encodings, tag schemes, releases; needs no tensor library."""
