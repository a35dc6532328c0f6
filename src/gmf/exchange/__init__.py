"""Documents of annotation tools and other libraries: read, written, converted into one another."""
